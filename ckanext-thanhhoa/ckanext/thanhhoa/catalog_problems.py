"""What went wrong while a dataset was written: of the record, of the moment, or of the machine."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from ckan.logic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from harvesters.errors import HarvestError, Problem

log = logging.getLogger(__name__)

#: What another writer's lock may do to a transaction: it is tried again.
_LOCKED = ("40001", "40P01", "55P03")
#: Classes of PostgreSQL's errors that say nothing of a record: no room, an operator, its disk.
_OUTAGES = ("08", "53", "57", "58")
#: PostgreSQL takes no writing for now: it is a standby, or was told so.
_READ_ONLY = "25006"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)


def is_outage(error: BaseException) -> bool:
    """Whether nothing could be written at all: the run is taken up again later."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    if isinstance(error, DBAPIError):
        code = pgcode(error)
        lost = error.connection_invalidated or code == _READ_ONLY
        return lost or code[:2] in _OUTAGES
    cause = error.__cause__
    return cause is not None and is_outage(cause)


def is_locked(error: BaseException) -> bool:
    """Whether another writer was in the way."""
    return isinstance(error, DBAPIError) and pgcode(error) in _LOCKED


def pgcode(error: DBAPIError) -> str:
    """PostgreSQL's code of an error; "" when it came from elsewhere."""
    return str(getattr(error.orig, "pgcode", None) or "")


def problem_of(error: Exception) -> Problem:
    """Why the catalogue refuses a record."""
    if isinstance(error, HarvestError):
        return error.problem
    if isinstance(error, ValidationError):
        detail = "; ".join(_sentences(error.error_dict))
    elif isinstance(error, SQLAlchemyError):
        log.warning("the database refuses a dataset", exc_info=error)
        detail = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    else:
        # A bug of ours or of a plugin: it is logged whole, and stops this record only.
        log.error("a dataset could not be written", exc_info=error)
        detail = type(error).__name__
    return Problem("refused_by_catalogue", params={"detail": detail[:1000]})


def _sentences(errors: Any, place: str = "") -> Iterator[str]:
    """CKAN's nested validation errors as ``field: message``."""
    if isinstance(errors, Mapping):
        for name, value in errors.items():
            yield from _sentences(value, f"{place}.{name}" if place else str(name))
    elif isinstance(errors, (list, tuple)):
        for number, value in enumerate(errors):
            nested = isinstance(value, Mapping)
            yield from _sentences(value, f"{place}[{number}]" if nested else place)
    else:
        yield f"{place}: {errors}" if place else str(errors)
