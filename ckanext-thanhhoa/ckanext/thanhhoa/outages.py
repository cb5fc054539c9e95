"""When the portal itself is out of order: its database is away, its disk is full.

No record and no source is to blame then. Either the lease is as good as lost (nothing can be
written, not even that the run waits), or the run is put off: `portal_unavailable`.
"""

from __future__ import annotations

import errno

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from harvesters.errors import HarvestError, LeaseLost

#: What another writer's lock may do to a transaction: it is tried again.
_LOCKED = ("40001", "40P01", "55P03")
#: Classes of PostgreSQL's errors: the connection is lost, the server is being ended.
_AWAY = ("08", "57")
#: Classes of PostgreSQL's errors that say nothing of a record: no room, its own disk.
_NO_RESOURCES = ("53", "58")
#: PostgreSQL takes no writing for now: it is a standby, or was told so.
_READ_ONLY = "25006"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)


def outage(error: BaseException, run_id: str = "") -> HarvestError | None:
    """What to raise because nothing could be written at all; None when it is not that."""
    if isinstance(error, HarvestError):
        return None
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        words = {"detail": "ổ đĩa đầy hoặc hỏng"}
        said = f"the disk is full or broken ({error.strerror})"
        return _unavailable({**words, "detail_en": said})
    if isinstance(error, DBAPIError):
        return _of_the_database(error, run_id)
    cause = error.__cause__
    return outage(cause, run_id) if cause is not None else None


def _of_the_database(error: DBAPIError, run_id: str) -> HarvestError | None:
    code = pgcode(error)
    refused_connection = not code and isinstance(error, (OperationalError, InterfaceError))
    if error.connection_invalidated or code[:2] in _AWAY or refused_connection:
        return LeaseLost(run_id)
    if code[:2] in _NO_RESOURCES or code == _READ_ONLY:
        said = str(error.orig).strip().partition("\n")[0]
        words = {"detail": f"cơ sở dữ liệu không nhận dữ liệu ({said})"}
        return _unavailable({**words, "detail_en": f"the database takes no data ({said})"})
    return None


def _unavailable(params: dict[str, str]) -> HarvestError:
    return HarvestError("portal_unavailable", "", None, **params)


def is_locked(error: BaseException) -> bool:
    """Whether another writer was in the way."""
    return isinstance(error, DBAPIError) and pgcode(error) in _LOCKED


def pgcode(error: DBAPIError) -> str:
    """PostgreSQL's code of an error; "" when it came from elsewhere."""
    return str(getattr(error.orig, "pgcode", None) or "")
