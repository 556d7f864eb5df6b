"""A box sees the folders that programs need, and none beside them: no course, gradebook or exchange, wherever these lie."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.sandbox import box as boxes
from course.sandbox import machine, mounts
from course.sandbox.box import Box
from course.sandbox.mounts import BindMount
from tests.sandbox.running_boxes import run, shut_in

PACKAGE = Path(boxes.__file__).parents[1]
SECRETS = ("solutions", "graders", "gradebook.db", "submitted", "notebooks")
SITE_PACKAGES = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
# Searches the whole root of a box by name, and says whether it finds the course's package there.
SEARCH = """
    find / \\( -path /proc -o -path /sys \\) -prune -o -name "*{canary}*" -print
    python3 -c "import course.sandbox; print(course.__file__)"
"""
# Runs a box with the package, the interpreter and the environment of a checkout.
STARTER = """
    import json, sys
    from pathlib import Path
    checkout, root, script = sys.argv[1:]
    sys.path.insert(0, checkout)
    from course.sandbox.box import Box
    lines = []
    box = Box(Path(root), {"PYTHONPATH": checkout}, mode="namespace")
    box.start(["/bin/sh", "-c", script], lines.extend).wait(120)
    print(json.dumps(lines))
"""


@pytest.fixture
def canary() -> str:
    return f"canary-{uuid.uuid4().hex}"


@pytest.fixture
def places() -> Iterator[list[Path]]:
    """Folders that a test makes outside its own; they are removed afterwards, and so are their parents if they are empty."""
    made: list[Path] = []
    yield made
    for path in made:
        shutil.rmtree(path, ignore_errors=True)
        for parent in path.parents:
            if parent in (Path("/usr/local/share"), Path("/usr/lib"), Path("/opt"), Path("/usr/src")) or any(parent.iterdir()):
                break
            parent.rmdir()


def make_checkout(folder: Path, canary: str) -> None:
    """A checkout of the course: the package that boxes need, and secrets beside it."""
    shutil.copytree(PACKAGE / "sandbox", folder / "course/sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PACKAGE / "__init__.py", folder / "course")
    (folder / "pyproject.toml").touch()
    for name in SECRETS:
        (folder / name).mkdir(exist_ok=True)
        (folder / name / f"{name}-{canary}").write_text("secret")


def make_environment(folder: Path) -> Path:
    """A virtual environment, whose Python also finds our packages. Returns that Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = [path for path in sys.path if Path(path).name in machine.PACKAGES]
    (folder / SITE_PACKAGES / "ours.pth").write_text("\n".join(packages) + "\n")
    return folder / "bin/python"


def search(python: Path, checkout: Path, root: Path, canary: str, **variables: str) -> tuple[list[str], str]:
    """What a box of that checkout finds by the canary's name, and what the starting process warned of."""
    (root / f"own-{canary}").touch()
    command = [python, "-c", textwrap.dedent(STARTER), checkout, root, SEARCH.format(canary=canary)]
    answer = subprocess.run(command, env=os.environ | variables, cwd="/", capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout), answer.stderr


def seen(root: Path, checkout: Path, canary: str) -> set[str]:
    """What such a box should find: the file in its own folder, by both names of that, and the package."""
    return {f"/opt/ml/own-{canary}", f"{root.resolve()}/own-{canary}", f"{checkout}/course/__init__.py"}


@shut_in
@pytest.mark.parametrize("parent", ["/opt", "/usr/local/share", "/usr/lib", "/usr/local/bin"])
def test_a_checkout_in_the_systems_folders_is_not_visible(parent: str, root: Path, canary: str, places: list[Path]) -> None:
    if not os.access(parent, os.W_OK):
        pytest.skip("takes the right to write to the system's folders, until 2027-05-24")
    checkout = Path(parent, f"course-{os.getpid()}")
    places.append(checkout)
    make_checkout(checkout, canary)
    python = make_environment(checkout / ".venv")  # as `make` does
    lines, _ = search(python, checkout, root, canary)
    assert set(lines) == seen(root, checkout, canary)


@shut_in
@pytest.mark.parametrize("layout", ["in the checkout's own folder", "around the checkout", "with the checkout in site-packages"])
def test_an_environment_does_not_show_the_checkout(layout: str, root: Path, tmp_path: Path, canary: str) -> None:
    environment = tmp_path / "environment"
    python = make_environment(environment)
    inside = {"in the checkout's own folder": ".", "around the checkout": "lib/src/course"}
    checkout = environment / inside.get(layout, f"{SITE_PACKAGES}/data-to-deployment")
    make_checkout(checkout, canary)
    lines, _ = search(python, checkout, root, canary)
    assert set(lines) == seen(root, checkout, canary)


@shut_in
def test_variables_that_name_a_home_or_the_checkout_show_neither(root: Path, tmp_path: Path, canary: str) -> None:
    home, checkout = tmp_path / "home", tmp_path / "home/course"
    make_checkout(checkout, canary)
    (home / f"diary-{canary}").touch()
    path = os.pathsep.join([str(checkout), str(home), os.environ["PATH"]])
    variables = {"PATH": path, "JAVA_HOME": str(checkout), "LD_LIBRARY_PATH": str(home), "HOME": str(home)}
    lines, warned = search(Path(sys.executable), checkout, root, canary, **variables)
    assert set(lines) == seen(root, checkout, canary)
    assert f"JAVA_HOME names {checkout}" in warned and f"LD_LIBRARY_PATH names {home}" in warned


@shut_in
def test_the_exchange_and_other_folders_of_the_system_are_not_visible(root: Path, canary: str, places: list[Path]) -> None:
    if os.getuid() != 0:
        pytest.skip("takes root, to write to the system's folders, until 2027-05-24")
    for folder in ("/usr/local/share/nbgrader/exchange", "/opt", "/usr/src", "/usr/local/lib", "/usr/local"):
        places.append(Path(folder, f"class-{canary}"))
        places[-1].mkdir(parents=True)
        (places[-1] / f"gradebook-{canary}").touch()
    (root / f"own-{canary}").touch()
    _, lines = run(Box(root, {}, mode="namespace"), "/bin/sh", "-c", SEARCH.format(canary=canary))
    assert [line for line in lines if canary in line and "own-" not in line] == []


@shut_in
def test_a_tool_in_opt_is_visible_if_path_or_java_home_names_it(
    root: Path, canary: str, places: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not os.access("/opt", os.W_OK):
        pytest.skip("takes the right to write to /opt, until 2027-05-24")
    tool, java = Path("/opt", f"tool-{canary}"), Path("/opt", f"java-{canary}")
    places += [tool, java]
    for path in (tool / "bin/say", tool / "lib/word", tool / "gradebook/secret", java / "release"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("word\n")
    monkeypatch.setenv("PATH", f"{tool / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("JAVA_HOME", str(java))
    machine.binds.cache_clear()
    try:
        _, lines = run(Box(root, {}, mode="namespace"), "/bin/sh", "-c", f"find {tool} {java} -type f")
    finally:
        machine.binds.cache_clear()
    assert set(lines) == {f"{tool}/bin/say", f"{tool}/lib/word", f"{java}/release"}


@shut_in
def test_programs_of_the_system_find_what_they_need(root: Path) -> None:
    """Time zones, certificates, and the environment's packages and programs."""
    script = """
        python3 -c 'import ssl, zoneinfo, sysconfig; zoneinfo.ZoneInfo("Europe/Berlin"); ssl.create_default_context(); import numpy, psutil'
        TZ=Asia/Tokyo date +%Z; pip --version | cut -d" " -f1
    """
    running, lines = run(Box(root, {}, mode="namespace"), "/bin/sh", "-ec", textwrap.dedent(script))
    assert (running.exit_code, lines) == (0, ["JST", "pip"])


@shut_in
@pytest.mark.parametrize(
    "target", ["/usr/share/zoneinfo/Course/Here", "/usr/share/of-an-image/word", "/usr/local/lib/word", "/opt/tool/word"]
)
def test_files_of_an_image_are_added_to_the_systems_folders(root: Path, tmp_path: Path, target: str) -> None:
    (tmp_path / "word").write_text("word\n")
    box = Box(root, {}, mode="namespace", binds=[BindMount(tmp_path / "word", Path(target), layer=True)])
    _, lines = run(box, "/bin/sh", "-c", f"cat {target}; ls /usr/share/zoneinfo/Etc/UTC")
    assert lines == ["word", "/usr/share/zoneinfo/Etc/UTC"]


def test_a_hidden_folder_that_no_bind_shows_is_left_out(tmp_path: Path) -> None:
    inner, outer = BindMount(tmp_path / "in/side", hidden=True), BindMount(tmp_path / "in")
    package = BindMount(tmp_path / "in/side/package")
    assert mounts.order([inner, package]) == [package]
    assert mounts.order([package, inner, outer]) == [outer, inner, package]
