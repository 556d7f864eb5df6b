"""Writes tiny wheels that pip can install without a network."""

from __future__ import annotations

import zipfile
from pathlib import Path


def write_wheel(folder: Path, name: str, version: str, programs: dict[str, str] | None = None) -> Path:
    """A wheel of one module with the package's name, a ``VERSION``, and a ``main`` that prints it; ``programs`` run ``main``."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    files = {
        f"{module}.py": f"VERSION = {version!r}\n\n\ndef main():\n    import sys\n    print({module!r}, VERSION, sys.argv[1:])\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if programs:
        files[f"{info}/entry_points.txt"] = "[console_scripts]\n" + "".join(f"{name} = {place}\n" for name, place in programs.items())
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    wheel = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return wheel
