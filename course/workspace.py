"""Makes the learner's copy of the lessons, and the course's kernel that runs it.

Learners never edit tracked files: their copy is in ``work/``, which git ignores. Files that they changed are never overwritten.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RELEASED = Path("notebooks")
COPY = Path("work")
RECORD = ".copied.json"  # the SHA-256 of each copied file by path, to detect changed files
KERNEL, KERNEL_NAME = "from-data-to-deployment", "From Data to Deployment"


class WorkspaceError(Exception):
    """The copy cannot be made. The message says why and what to do."""


def copy_lessons(root: Path, kernel: str = KERNEL) -> tuple[Path, list[Path]]:
    """Update the learner's copy from the released lessons.

    Copied notebooks use the course's kernel, because "python3" is another Python in another JupyterLab.

    Returns
    -------
    copy : Path
    kept : list of Path
        Files that the learner changed and that differ from the release. They are not updated.

    Raises
    ------
    WorkspaceError
        There are no released lessons, or a file cannot be written.
    """
    sources = sorted(path for path in (root / RELEASED).glob("m*/**/*") if path.is_file() and ".ipynb_checkpoints" not in path.parts)
    if not sources:
        raise WorkspaceError(f"no lessons in {root / RELEASED}; run `make notebooks`.")
    copy = root / COPY
    copied, kept = _record(copy), []
    for source in sources:
        name = source.relative_to(root / RELEASED)
        content = _with_kernel(source.read_bytes(), kernel) if source.suffix == ".ipynb" else source.read_bytes()
        target = copy / name
        current = target.read_bytes() if target.is_file() else None
        if current is not None and _hash(current) not in (copied.get(str(name)), _hash(content)):
            kept.append(target)
            continue
        if current != content:
            _write(target, content)
        copied[str(name)] = _hash(content)
    _write(copy / RECORD, json.dumps(copied, indent=1, sort_keys=True).encode())
    return copy, kept


def _record(copy: Path) -> dict[str, str]:
    try:
        return json.loads((copy / RECORD).read_text())
    except (OSError, ValueError):  # without a record, every different file counts as changed by the learner
        return {}


def _with_kernel(content: bytes, kernel: str) -> bytes:
    node = json.loads(content)
    node["metadata"]["kernelspec"] |= {"name": kernel, "display_name": KERNEL_NAME}
    # An open JupyterLab page finds a new kernel after a minute or a reload. Until then, if a language is set, it silently uses another one.
    node["metadata"].pop("language_info", None)
    return (json.dumps(node, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(target: Path, content: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as error:
        raise WorkspaceError(f"cannot write {target}: {error.strerror}.") from error


def install_kernel(*, user: bool) -> None:
    """Register this Python as the course's kernel, for the user (in any JupyterLab) or in this environment alone.

    Raises
    ------
    WorkspaceError
        The folder of kernels cannot be written.
    """
    from ipykernel.kernelspec import write_kernel_spec
    from jupyter_client.kernelspec import KernelSpecManager

    manager = KernelSpecManager()
    with tempfile.TemporaryDirectory() as made:
        spec = write_kernel_spec(Path(made, KERNEL), overrides={"display_name": KERNEL_NAME})
        try:
            manager.install_kernel_spec(str(spec), KERNEL, user=user, prefix=None if user else sys.prefix)
        except OSError as error:
            folder = manager.user_kernel_dir if user else Path(sys.prefix, "share", "jupyter", "kernels")
            raise WorkspaceError(f"cannot write the kernel to {folder}: {error.strerror}. Make that a folder you can write to.") from error


def prepare(root: Path = ROOT, *, user_kernel: bool) -> Path:
    """Make or update the copy, register the kernel, and print which files were kept. Returns the first lesson.

    Raises
    ------
    WorkspaceError
    """
    copy, kept = copy_lessons(root)
    install_kernel(user=user_kernel)
    print(f"Your copy of the lessons: {copy}")
    for path in kept:
        name = path.relative_to(copy)
        print(f"Kept as you left it: {name} (the released one is {RELEASED / name}; rename yours to get it)")
    return min(copy.glob("m*/*.ipynb"))
