"""Imports go one way: ckanext.thanhhoa -> harvesters -> schemas."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = ("ckan", "ckanext", "ckantoolkit", "flask")
BLOCKED = """
import importlib, pkgutil, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {forbidden!r}:
            raise ImportError(f"{{name}} is not for this room")

sys.meta_path.insert(0, Blocker())
import {package}

for module in pkgutil.walk_packages({package}.__path__, "{package}."):
    importlib.import_module(module.name)
    print(module.name)
"""


def _run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("package", ["harvesters", "schemas"])
def test_every_module_can_be_imported_without_ckan(package: str, tmp_path: Path) -> None:
    imported = _run(BLOCKED.format(forbidden=FORBIDDEN, package=package), tmp_path).split()
    sources = ROOT / package
    expected = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sources.rglob("*.py")
        if path.name != "__init__.py" and (path.parent / "__init__.py").exists()
    }
    assert expected
    assert expected <= set(imported)


def test_the_installed_rooms_are_ours(tmp_path: Path) -> None:
    code = "import harvesters, schemas; print(harvesters.__file__); print(schemas.__file__)"
    found = [Path(line).resolve() for line in _run(code, tmp_path).splitlines()]
    assert found == [ROOT / "harvesters" / "__init__.py", ROOT / "schemas" / "__init__.py"]


def test_ckans_namespace_stays_open() -> None:
    assert not (ROOT / "ckanext-thanhhoa" / "ckanext" / "__init__.py").exists()


def _imports(path: Path) -> set[str]:
    """Top-level names that a file imports anywhere, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        ("harvesters", {*FORBIDDEN}),
        ("schemas", {*FORBIDDEN, "harvesters"}),
    ],
)
def test_no_import_hides_in_a_function(room: str, forbidden: set[str]) -> None:
    found = {
        str(path.relative_to(ROOT)): sorted(_imports(path) & forbidden)
        for path in (ROOT / room).rglob("*.py")
    }
    assert found
    assert {path: names for path, names in found.items() if names} == {}


def test_schemas_need_nothing_but_the_standard_library_and_yaml() -> None:
    allowed = {*sys.stdlib_module_names, "yaml", "schemas"}
    found = {
        str(path.relative_to(ROOT)): sorted(_imports(path) - allowed)
        for path in (ROOT / "schemas").rglob("*.py")
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_run_knows_no_concrete_source_and_no_network() -> None:
    tree = ast.parse((ROOT / "harvesters" / "run.py").read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in modules if name.startswith(("harvesters.sources", "ckan"))}
