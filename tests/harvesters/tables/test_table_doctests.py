"""The examples in the docstrings of the table readers hold."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = ("cells", "grid", "legacy_fonts", "names", "number_format", "title_period")


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(f"harvesters.tables.{name}")
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
