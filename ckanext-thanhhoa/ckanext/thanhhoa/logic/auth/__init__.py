"""Who may do what. Everything of ours that is not the harvest is in the module it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckanext.thanhhoa.logic.auth import harvest, source


def get_auth_functions() -> dict[str, Callable[..., Any]]:
    """Auth functions by action name."""
    return {**source.AUTH, **harvest.AUTH}
