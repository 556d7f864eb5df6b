"""Imports point one way: between the parts of `course`, and between its modules. Imports for type checking count."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Modules that still import each other in a circle. Only remove entries: a module that is not listed must be in no circle.
CIRCULAR = {
    "course.grading": ("answer", "exercise", "report", "tables", "values"),
    "course.localaws": ("platform",),
    "course.localaws.athena": ("access", "athena", "catalog", "ddl", "engine", "plan", "table_input", "work", "writing"),
    "course.localaws.cloudwatch.alarms": ("alarms",),
    "course.localaws.iam": ("authorization", "identity", "simulation"),
    "course.localaws.images.shared": ("multi_model", "serving"),
    "course.localaws.logs": ("describing", "service"),
    "course.localaws.moto": ("bridge", "mount"),
    "course.localaws.sagemaker.hosting.components": ("copies",),
    "course.localaws.sagemaker.hosting.runtime": ("container_client", "routing", "stateful_sessions"),
    "course.localaws.sagemaker.hosting.servers": ("fleets", "instances", "multi_model", "serverless"),
    "course.localaws.server": ("app", "control"),
}


@cache
def modules() -> dict[str, Path]:
    """Every module below `course` by its name."""
    found = {}
    for path in (ROOT / "course").rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imported(name: str) -> frozenset[str]:
    """The modules of `course` that a module imports, wherever the statement is."""
    return frozenset(_imported(ast.parse(modules()[name].read_text(encoding="utf-8")))) - {name}


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules() else node.module for name in names]
        else:
            continue
        yield from (name for name in names if name in modules())


def below(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("course.sandbox", ("course.sandbox",)),
        ("course.localaws", ("course.localaws", "course.sandbox", "course.pages")),
    ],
)
def test_a_package_imports_nothing_else_of_the_course(package: str, allowed: tuple[str, ...]) -> None:
    others = {name: sorted(m for m in imported(name) if not below(m, *allowed)) for name in modules() if below(name, package)}
    assert {name: found for name, found in others.items() if found} == {}


@pytest.mark.parametrize("package", ["course.localaws.jobs", "course.localaws.core", "course.localaws.images"])
def test_what_services_share_imports_no_sagemaker(package: str) -> None:
    found = {name: sorted(m for m in imported(name) if below(m, "course.localaws.sagemaker")) for name in modules() if below(name, package)}
    assert {name: names for name, names in found.items() if names} == {}


def test_modules_import_each_other_in_no_circle() -> None:
    known = {f"{package}.{name}" for package, names in CIRCULAR.items() for name in names}
    assert {name for name in modules() if _reaches_itself(name)} - known == set()


def _reaches_itself(name: str) -> bool:
    seen: set[str] = set()
    left = set(imported(name))
    while left:
        current = left.pop()
        if current == name:
            return True
        seen.add(current)
        left |= imported(current) - seen
    return False
