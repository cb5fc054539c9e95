"""Accounts: what a person writes of themselves is composed Unicode from the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan.plugins import toolkit
from ckan.types import Context, DataDict

from schemas.text import nfc

_TEXTS = ("fullname", "about")


@toolkit.chained_action
def _user_create(
    original: Callable[..., dict[str, Any]], context: Context, data_dict: DataDict
) -> dict[str, Any]:
    return original(context, _composed(data_dict))


@toolkit.chained_action
def _user_update(
    original: Callable[..., dict[str, Any]], context: Context, data_dict: DataDict
) -> dict[str, Any]:
    return original(context, _composed(data_dict))


def get_actions() -> dict[str, Callable[..., Any]]:
    """CKAN's actions on accounts, before which texts are composed."""
    """Chained actions by name."""
    return {"user_create": _user_create, "user_update": _user_update}


def _composed(data_dict: DataDict) -> DataDict:
    texts = {key: nfc(data_dict[key]) for key in _TEXTS if isinstance(data_dict.get(key), str)}
    return {**data_dict, **texts}
