"""Lists of organisations with their fields: read for all of them together.

CKAN shows one organisation after the other and asks the database three times for each. Here its
own code runs on rows that were read before.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.lib.dictization import model_dictize
from ckan.plugins import toolkit
from ckanext.thanhhoa import search
from ckanext.thanhhoa.whole_numbers import whole_number

#: Beyond it there is nothing anyway.
MOST_OFFSET = 2**31


@dataclass(frozen=True)
class _Known:
    """Groups by id, and their members by kind and group."""

    groups: dict[str, Any]
    members: dict[str, dict[str, list[Any]]]


_known: ContextVar[_Known | None] = ContextVar("thanhhoa_groups", default=None)
_KINDS = {"groups": model.Group, "users": model.User}
_get: Callable[..., Any] = model.Group.get.__func__  # type: ignore[attr-defined]
_members: Callable[..., list[Any]] = model_dictize._get_members


def install() -> None:
    """Has CKAN look among the rows at hand first; harmless when it does already."""
    model.Group.get = classmethod(get)
    model_dictize._get_members = members


def get_actions() -> dict[str, Callable[..., Any]]:
    """CKAN's actions that list groups."""
    return {"group_list": listing(False), "organization_list": listing(True)}


def listing(organizations: bool) -> Callable[..., Any]:
    """CKAN's ``organization_list`` or ``group_list``."""

    @toolkit.chained_action
    @toolkit.side_effect_free
    def listed(original: Callable[..., Any], context: Any, data_dict: dict[str, Any]) -> Any:
        data_dict = _sound(data_dict)
        if not toolkit.asbool(data_dict.get("all_fields")):
            return original(context, data_dict)
        names = original({**context}, {**data_dict, "all_fields": False, **_limit(data_dict)})
        with _read(names, organizations):
            return original(context, data_dict)

    return listed


def _sound(data_dict: dict[str, Any]) -> dict[str, Any]:
    """The question in text and numbers that PostgreSQL can hold."""
    asked = {key: search.clean(value) for key, value in data_dict.items()}
    if data_dict.get("offset"):
        asked["offset"] = min(whole_number(data_dict, "offset") or 0, MOST_OFFSET)
    return asked


def _limit(data_dict: dict[str, Any]) -> dict[str, Any]:
    """So many as CKAN will show, at the most."""
    most = toolkit.config["ckan.group_and_organization_list_all_fields_max"]
    asked = whole_number(data_dict, "limit")
    return {"limit": most if asked is None else min(asked, most)}


@contextlib.contextmanager
def _read(names: Sequence[str], organizations: bool) -> Iterator[None]:
    group = model.Group
    query = model.Session.query(group).filter(
        group.name.in_(names), group.is_organization == sa.literal(organizations)
    )
    found = {one.id: one for one in query}
    rows = {kind: _rows(entity, found) for kind, entity in _KINDS.items()}
    token = _known.set(_Known(found, rows))
    try:
        yield
    finally:
        _known.reset(token)


def _rows(entity: Any, groups: Collection[str]) -> dict[str, list[Any]]:
    """What CKAN's ``_get_members`` finds, by group."""
    member = model.Member
    links = (
        model.Session.query(entity, member.capacity, member.group_id)
        .join(member, member.table_id == entity.id)
        .filter(member.group_id.in_(groups), member.state == "active")
        .filter(member.table_name == entity.__name__.lower())
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for one, capacity, group_id in links:
        found[group_id].append((one, capacity))
    return found


def get(cls: Any, reference: str | None) -> Any:
    """CKAN's ``Group.get``."""
    known = _known.get()
    if known is not None and reference in known.groups:
        return known.groups[reference]
    return _get(cls, reference)


def members(context: Any, group: Any, member_type: str) -> list[Any]:
    """CKAN's ``_get_members``."""
    known = _known.get()
    limited = "limits" in context and member_type in context["limits"]
    if known is not None and member_type in _KINDS and group.id in known.groups and not limited:
        return known.members[member_type][group.id]
    return _members(context, group, member_type)
