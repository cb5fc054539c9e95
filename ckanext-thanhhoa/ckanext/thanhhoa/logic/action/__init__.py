"""The harvest's actions; those of other parts are in the module they belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckanext.thanhhoa.logic.action import harvest, source


def get_actions() -> dict[str, Callable[..., Any]]:
    """Actions by name."""
    return {**source.ACTIONS, **harvest.ACTIONS}
