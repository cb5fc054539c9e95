"""One portal of its own for the whole suite; each test brings its own sources."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ckan", reason="what is broken is a CKAN")

from tests.faults.portal import OwnPortal, own_portal
from tests.faults.scenarios import World

SEED = 20_260_728


@pytest.fixture(scope="session")
def broken_portal(ini: str) -> Iterator[OwnPortal]:
    """Skips where no services can be started (`./portal test` starts some)."""
    with own_portal() as portal:
        yield portal


@pytest.fixture
def world(
    broken_portal: OwnPortal, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[World]:
    """The portal, with choices that are the same whenever this test is run."""
    yield World(broken_portal, SEED + zlib.crc32(request.node.name.encode()), tmp_path)
    broken_portal.stop_workers()
