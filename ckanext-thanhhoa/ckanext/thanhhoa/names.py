"""Names of datasets in addresses: made from the title once, then kept."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from ckan import model

from schemas.text import nfc, slug

#: Addresses under /dataset/ that mean something else.
_TAKEN = frozenset({"new", "edit", "search", "activity", "groups", "resource"})
#: For a title without a Latin letter or digit.
_NAMELESS = {model.Package: "bo-du-lieu", model.Group: "don-vi"}
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def free_name(title: str, id_: str, table: type[Any] = model.Package) -> str:
    """A name for something new: its title's slug, with a short id suffix when that is taken.

    Held until the transaction ends: two writers with the same title wait for one another, since
    neither can see the name that the other is about to commit.
    """
    name = slug(title)
    _wait_turn(name)
    digits = id_.replace("-", "")
    candidates = [name] if len(name) >= 2 and name not in _TAKEN else []
    candidates += [f"{name or _NAMELESS[table]}-{digits[:n]}" for n in (6, 12)]
    for candidate in candidates:
        if not _exists(candidate, id_, table):
            return candidate
    return f"{(name or _NAMELESS[table])[:60]}-{digits}"


def file_name(name: Any) -> str:
    """A file's name for the end of an address: ASCII, with its ending.

    >>> file_name("Báo cáo quý I.xlsx")
    'bao-cao-quy-i.xlsx'
    """
    text = nfc(str(name)).replace("\\", "/").rsplit("/", 1)[-1]
    ending = _ENDING.search(text)
    stem = slug(text[: ending.start()] if ending else text)
    return (stem or "tep") + (ending[0].lower() if ending else "")


def _wait_turn(name: str) -> None:
    lock = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"thanhhoa name {name}", 0))
    model.Session.execute(sa.select(lock))


def _exists(name: str, id_: str, table: type[Any]) -> bool:
    query = model.Session.query(table.id).filter(table.name == name, table.id != id_)
    return query.first() is not None
