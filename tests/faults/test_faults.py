"""The fault suite, short: each fault a few times. `./portal bench faults` does each many times."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.scenarios import SCENARIOS, World, fill_storage


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_or_doubled(world: World, name: str) -> None:
    scenario, times, _ = SCENARIOS[name]
    scenario(world, times)


@pytest.fixture
def small_storage(world: World) -> Iterator[Path]:
    """The file storage, with what it holds, on a file system with 256 KiB of room."""
    storage = world.portal.home.path / "files"
    beside = storage.with_name("files.beside")
    shutil.copytree(storage, beside)
    held = sum(path.stat().st_size // 4096 + 1 for path in beside.rglob("*")) * 4
    command = ["mount", "-t", "tmpfs", "-o", f"size={held + 256}k,mode=700", "tmpfs", str(storage)]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode:
        pytest.skip("a small file system can only be mounted by root")
    shutil.copytree(beside, storage, dirs_exist_ok=True)
    try:
        yield storage
    finally:
        world.portal.stop_workers()
        shutil.copytree(storage, beside, dirs_exist_ok=True)
        subprocess.run(["umount", "-l", str(storage)], check=True)
        shutil.copytree(beside, storage, dirs_exist_ok=True)


def test_a_full_storage_delays_a_run_and_harms_nothing(world: World, small_storage: Path) -> None:
    fill_storage(world, 1, small_storage)
