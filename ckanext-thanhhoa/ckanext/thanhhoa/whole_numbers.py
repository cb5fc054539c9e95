"""Whole numbers as callers of actions give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.plugins import toolkit


def whole_number(data_dict: Mapping[str, Any], key: str) -> int | None:
    """The number that a caller gave, a fraction cut off; None where there is none.

    Raises ValidationError for what is no number.
    """
    value = data_dict.get(key)
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:  # JSON may say 1e999
        message = toolkit._("Please enter an integer value")
        raise toolkit.ValidationError({key: [message]}) from error
