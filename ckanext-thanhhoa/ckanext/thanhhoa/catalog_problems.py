"""Why the catalogue refuses a record, in words."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from ckan.logic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from harvesters.errors import HarvestError, Problem
from harvesters.said_values import named

log = logging.getLogger(__name__)


def problem_of(error: Exception) -> Problem:
    """Why the catalogue refuses a record."""
    if isinstance(error, HarvestError):
        return error.problem
    if isinstance(error, ValidationError):
        said = {lang: "; ".join(_sentences(error.error_dict, lang))[:1000] for lang in ("vi", "en")}
        return Problem(
            "refused_by_catalogue", params={"detail": said["vi"], "detail_en": said["en"]}
        )
    elif isinstance(error, SQLAlchemyError):
        log.warning("the database refuses a dataset", exc_info=error)
        detail = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    else:
        # A bug of ours or of a plugin: it is logged whole, and stops this record only.
        log.error("a dataset could not be written", exc_info=error)
        detail = type(error).__name__
    return Problem("refused_by_catalogue", params={"detail": detail[:1000]})


def _sentences(errors: Any, lang: str, place: str = "") -> Iterator[str]:
    """CKAN's nested validation errors as ``field: message``, fields of the portal by name."""
    if isinstance(errors, Mapping):
        for name, value in errors.items():
            yield from _sentences(value, lang, f"{place}.{name}" if place else str(name))
    elif isinstance(errors, (list, tuple)):
        for number, value in enumerate(errors):
            nested = isinstance(value, Mapping)
            yield from _sentences(value, lang, f"{place}[{number}]" if nested else place)
    else:
        yield f"{named(place, lang)}: {errors}" if place else str(errors)
