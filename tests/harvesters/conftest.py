"""What the tests of the engine share."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from harvesters import registry
from tests.world import World


@pytest.fixture
def world(monkeypatch):
    made = World()
    monkeypatch.setattr(
        registry,
        "source_types",
        lambda: MappingProxyType({"fake": made.script.source_type()}),
    )
    return made
