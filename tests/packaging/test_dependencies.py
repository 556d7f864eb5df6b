"""Tests that pyproject.toml, uv.lock and environment.yml agree, and that no locked package needs a compiler."""

from __future__ import annotations

import ast
import re
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions as every_distribution
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text())
CONDA = (ROOT / "environment.yml").read_text()
PYTHONS = ("11", "12", "13")


class Machine:
    """A supported machine: the values of its environment markers, and the platform tags of wheels that run on it."""

    def __init__(self, system: str, processor: str, wheels: str) -> None:
        self.wheels = wheels
        self.environment = {
            "os_name": "posix",
            "sys_platform": system.lower(),
            "platform_system": system,
            "platform_machine": processor,
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
        }


MACHINES = {
    "Linux x86-64": Machine("Linux", "x86_64", r"manylinux\w*_x86_64"),
    "Linux arm64": Machine("Linux", "aarch64", r"manylinux\w*_aarch64"),
    "macOS arm64": Machine("Darwin", "arm64", r"macosx_\d+_\d+_(arm64|universal2)"),
}


def parsed(lines) -> dict[tuple[str, str], str]:
    """Requirements by name and marker: extras and versions, normalised."""
    needs = map(Requirement, lines)
    return {(canonicalize_name(need.name), str(need.marker or "")): f"{sorted(need.extras)}{need.specifier}" for need in needs}


def conda_parts() -> tuple[list[str], list[str]]:
    dependencies = yaml.safe_load(CONDA)["dependencies"]
    return [line for line in dependencies if isinstance(line, str)], next(line["pip"] for line in dependencies if isinstance(line, dict))


def test_environment_yml_installs_the_set_of_pyproject():
    conda, pip = conda_parts()
    assert pip[-1] == "--editable ."
    assert parsed(pip[:-1]) == parsed(PROJECT["dependencies"])
    assert f"python{PROJECT['requires-python']}" in conda


def test_environment_yml_says_why_for_each_line():
    lines = [line for line in CONDA.splitlines() if line.startswith("      - ")]
    assert len(lines) > 20 and all("# " in line for line in lines)


@pytest.mark.parametrize("package", ["jupyterlab", "nbgrader", "sagemaker", "boto3", "pandas", "matplotlib", "papermill", "pytest"])
def test_the_eight_packages_of_the_card_are_there(package):
    assert any(Requirement(line).name == package for line in conda_parts()[1][:-1])


def imported(folder: str) -> dict[str, Path]:
    """The third-party top-level modules that a folder's code imports, anywhere in a file, each with one importing file."""
    found: dict[str, Path] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for name in (each.partition(".")[0] for each in _modules(node)):
                if not _is_beside(path, name):
                    found.setdefault(name, path.relative_to(ROOT))
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names and not (ROOT / name).is_dir()}


def _is_beside(path: Path, name: str) -> bool:
    """Whether a module is in the same folder of programs, whose files import each other by plain name."""
    programs = path.with_name("__main__.py").is_file() or not path.with_name("__init__.py").is_file()
    return programs and path.with_name(f"{name}.py").is_file()


def _modules(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.module or ""


@cache
def distributions() -> dict[str, set[str]]:
    """Installed module -> the distributions that contain it."""
    return {module: {canonicalize_name(name) for name in names} for module, names in packages_distributions().items()}


OPTIONAL = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
DEVELOPERS = PYPROJECT["dependency-groups"]["dev"]
# `make extra-torch` and `make extra-tensorflow` install them. The right wheel depends on the machine, so the lock has none.
FRAMEWORKS = ["torch", "tensorflow", "tensorflow-cpu"]
MUTANTS = ["mutmut", "libcst"]  # only for developers: the gate, which uses them, says how to install them


@pytest.mark.parametrize(
    ("folder", "others"), [("course", OPTIONAL + MUTANTS + FRAMEWORKS), ("benchmarks", DEVELOPERS), ("data", DEVELOPERS + FRAMEWORKS)]
)
def test_what_the_code_imports_is_declared(folder, others):
    lines = [*PROJECT["dependencies"], *others]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    modules = imported(folder)
    assert modules
    assert {name: str(path) for name, path in modules.items() if not distributions().get(name, {name}) & declared} == {}


def test_the_lock_is_made_from_pyproject():
    course = next(package for package in LOCK["package"] if package["name"] == PROJECT["name"])
    locked = [
        f"{need['name']}{'[' + ','.join(need['extras']) + ']' if 'extras' in need else ''}{need.get('specifier', '')}"
        + (f"; {need['marker']}" if "marker" in need else "")
        for need in course["metadata"]["requires-dist"]
    ]
    wanted = [*PROJECT["dependencies"]]
    for extra, lines in PROJECT.get("optional-dependencies", {}).items():
        wanted += [_with_extra(line, extra) for line in lines]
    assert parsed(locked) == parsed(wanted)


def _with_extra(line: str, extra: str) -> str:
    need = Requirement(line)
    base, marker = line.partition(";")[0].strip(), str(need.marker or "")
    return f"{base}; {f'({marker}) and ' if ' or ' in marker else f'{marker} and ' if marker else ''}extra == '{extra}'"


def test_every_locked_version_is_allowed():
    versions: dict[str, set[str]] = {}
    for package in LOCK["package"]:
        versions.setdefault(package["name"], set()).add(package.get("version", ""))
    for line in PROJECT["dependencies"]:
        need = Requirement(line)
        found = versions[canonicalize_name(need.name)]
        assert any(need.specifier.contains(version) for version in found), f"{line}: the lock has {found}"


def installed_on(python: str, machine: Machine) -> list[dict]:
    """The locked packages that learners, graders and CI install there: the course's needs without extras, and the development group."""
    by_name: dict[str, list[dict]] = {}
    for package in LOCK["package"]:
        by_name.setdefault(package["name"], []).append(package)
    environment = machine.environment | {"python_version": f"3.{python}", "python_full_version": f"3.{python}.0", "extra": ""}

    def applies(item: dict, *names: str) -> bool:
        markers = [marker for name in names for marker in ([item[name]] if isinstance(item.get(name), str) else item.get(name, ()))]
        return not markers or any(Marker(marker).evaluate(environment) for marker in markers)

    course = by_name[PROJECT["name"]][0]
    waiting = [*course["dependencies"], *course.get("dev-dependencies", {}).get("dev", ())]
    seen: dict[tuple[str, tuple[str, ...]], dict] = {}
    while waiting:
        need = waiting.pop()
        key = (need["name"], tuple(need.get("extra", ())))
        if key in seen or not applies(need, "marker"):
            continue
        (package,) = (
            each for each in by_name[need["name"]] if applies(each, "resolution-markers") and need.get("version") in (None, each["version"])
        )
        seen[key] = package
        waiting += package.get("dependencies", [])
        for extra in key[1]:
            waiting += package.get("optional-dependencies", {}).get(extra, [])
    return list(seen.values())


def fits(wheel: str, python: str, machine: Machine) -> bool:
    for tag in parse_wheel_filename(wheel)[3]:
        abi3 = tag.abi == "abi3" and re.fullmatch(r"cp3\d+", tag.interpreter) and int(tag.interpreter[3:]) <= int(python)
        interpreter = abi3 or tag.interpreter in ("py3", f"py3{python}", f"cp3{python}")
        if interpreter and (tag.platform == "any" or re.fullmatch(machine.wheels, tag.platform)):
            return True
    return False


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("machine", MACHINES)
def test_no_package_needs_a_compiler(machine, python):
    """Each locked package has a wheel for each Python on each machine that the course promises."""
    packages = installed_on(python, MACHINES[machine])
    assert len(packages) > 150
    wheels = {package["name"]: [wheel["url"].rpartition("/")[2] for wheel in package.get("wheels", ())] for package in packages}
    assert [name for name, files in wheels.items() if not any(fits(file, python, MACHINES[machine]) for file in files)] == []


def test_what_is_installed_is_what_is_locked():
    """Also after `make extra-torch`, which CI runs, or `make extra-tensorflow`."""
    locked: dict[str, set[str]] = {}
    for package in LOCK["package"]:
        locked.setdefault(package["name"], set()).add(package["version"])  # Pythons may have different versions
    # Not sys.path, to which setuptools adds its vendored packages.
    ours = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    installed = {canonicalize_name(each.name): each.version for each in every_distribution(path=ours)}
    assert len(installed) > 150
    assert {name: version for name, version in installed.items() if name in locked and version not in locked[name]} == {}
