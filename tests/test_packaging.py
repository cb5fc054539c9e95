"""What the wheel carries: the code of all three rooms, and everything that is not code."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXTENSION = ROOT / "ckanext-thanhhoa"
IGNORED = ("__pycache__", ".mypy_cache", ".ruff_cache")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in a wheel built from a copy of the tracked and new files."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*build, "-w", str(target), str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(zipfile.ZipFile(next(target.glob("*.whl"))).namelist())


def _files(folder: Path, base: Path) -> set[str]:
    return {
        path.relative_to(base).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not set(IGNORED) & set(path.parts) and path.suffix != ".pyc"
    }


@pytest.mark.parametrize("room", ["harvesters", "schemas"])
def test_the_rooms_are_whole(wheel: set[str], room: str) -> None:
    expected = _files(ROOT / room, ROOT)
    assert expected
    assert expected - wheel == set()


def test_the_extension_is_whole(wheel: set[str]) -> None:
    expected = _files(EXTENSION / "ckanext", EXTENSION)
    assert expected
    assert expected - wheel == set()


def test_nothing_claims_ckans_namespace(wheel: set[str]) -> None:
    assert "ckanext/__init__.py" not in wheel


def test_nothing_else_is_installed(wheel: set[str]) -> None:
    rooms = {name.split("/")[0] for name in wheel if ".dist-info/" not in name}
    assert rooms == {"ckanext", "harvesters", "schemas"}
