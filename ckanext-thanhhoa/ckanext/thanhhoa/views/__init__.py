"""The portal's own pages, as Flask blueprints."""

from __future__ import annotations

from flask import Blueprint


def get_blueprints() -> list[Blueprint]:
    """Every blueprint of the portal."""
    return []
