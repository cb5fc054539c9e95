"""Names of datasets in addresses: made from the title once, then kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
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
    lock_names([name])
    candidates = _candidates(name, id_, table)
    return next(c for c in candidates if c is candidates[-1] or not _exists(c, id_, table))


def _candidates(name: str, id_: str, table: type[Any] = model.Package) -> list[str]:
    """Names to try, the last one being nobody else's."""
    digits = id_.replace("-", "")
    plain = [name] if len(name) >= 2 and name not in _TAKEN else []
    stem = name or _NAMELESS[table]
    return [*plain, f"{stem}-{digits[:6]}", f"{stem}-{digits[:12]}", f"{stem[:60]}-{digits}"]


def free_names(titles: Mapping[str, str]) -> dict[str, str]:
    """`free_name` for many new datasets at once (id -> title): id -> name.

    The same names as one by one, in three statements; no two of them get the same.
    """
    slugs = {id_: slug(title) for id_, title in titles.items()}
    lock_names(set(slugs.values()))
    wanted = {id_: _candidates(name, id_) for id_, name in slugs.items()}
    asked = {name for names in wanted.values() for name in names}
    query = model.Session.query(model.Package.name).filter(model.Package.name.in_(asked))
    taken = {name for (name,) in query}
    given = {}
    for id_, names in wanted.items():
        given[id_] = next(name for name in names if name not in taken)
        taken.add(given[id_])
    return given


def lock_names(slugs: Collection[str]) -> None:
    """Waits for other writers who are giving out one of these names; held to the commit's end."""
    lock_texts("name", sorted(slugs))


def file_name(name: Any) -> str:
    """A file's name for the end of an address: ASCII, with its ending.

    >>> file_name("Báo cáo quý I.xlsx")
    'bao-cao-quy-i.xlsx'
    """
    text = nfc(str(name)).replace("\\", "/").rsplit("/", 1)[-1]
    ending = _ENDING.search(text)
    stem = slug(text[: ending.start()] if ending else text)
    return (stem or "tep") + (ending[0].lower() if ending else "")


def lock_texts(kind: str, texts: Sequence[str]) -> None:
    """Waits for every other transaction that has locked one of these texts; held to its end.

    Always in the order of the texts, so that two writers never wait for each other in a circle.
    """
    query = sa.text(
        "SELECT pg_advisory_xact_lock(hashtextextended(text, 0)) "
        "FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS t(text, n) ORDER BY n"
    )
    model.Session.execute(query, {"texts": [f"thanhhoa {kind} {text}" for text in sorted(texts)]})


def _exists(name: str, id_: str, table: type[Any]) -> bool:
    query = model.Session.query(table.id).filter(table.name == name, table.id != id_)
    return query.first() is not None
