"""Datasets as ``package_show`` gives them, many at once.

CKAN asks six queries and more for one dataset. Here its own dictizing runs on rows that were read
for all of them together, so that what comes out is CKAN's to the letter; a property test holds the
two equal. Always from the database, never from the index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from types import FunctionType
from typing import Any

import sqlalchemy as sa
from ckan import logic, model, plugins
from ckan.lib import plugins as lib_plugins
from ckan.lib.dictization import model_dictize
from ckan.logic.schema import default_show_package_schema
from ckan.types import Context
from ckanext.thanhhoa.batch_checks import can_compose
from ckanext.thanhhoa.quick_validation import Showing
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

Rows = Mapping[str, list[Any]]


def load(dataset_ids: Collection[str]) -> dict[str, model.Package]:
    """The datasets that there are, of any state, by id: one query, and later ``get`` asks none."""
    query = model.Session.query(model.Package).filter(model.Package.id.in_(dataset_ids))
    return {package.id: package for package in query}


def lock(dataset_ids: Collection[str]) -> None:
    """Until the commit nobody else changes these datasets; what was read of any is forgotten."""
    model.Session.expire_all()
    if dataset_ids:
        rows = sa.select(model.package_table.c["id"]).where(
            model.package_table.c["id"].in_(dataset_ids)
        )
        model.Session.execute(rows.order_by("id").with_for_update(key_share=True))


def packages(found: Mapping[str, model.Package]) -> dict[str, dict[str, Any]]:
    """What ``package_show`` gives without a schema (``validate=False``), by id."""
    read = reader(found)
    return {id_: read(package) for id_, package in found.items()}


def reader(found: Mapping[str, model.Package]) -> Callable[[model.Package], dict[str, Any]]:
    """The same for one of these datasets after the other, whose rows are read together before."""
    model.Session.flush()
    rows = _Prefetched(found.values())

    def read(package: model.Package) -> dict[str, Any]:
        data = rows.dictize(package)
        for controller in plugins.PluginImplementations(plugins.IPackageController):
            controller.read(package)
        for resource_hooks in plugins.PluginImplementations(plugins.IResourceController):
            for resource in data["resources"]:
                resource_hooks.before_resource_show(resource)
        return data

    return read


def by_default_schema(data: dict[str, Any]) -> dict[str, Any]:
    """A dataset of `packages` in the form that the index keeps as ``data_dict``."""
    shown, _ = _default_validation()(data, _context())
    return dict(shown)


def by_own_schema(data: dict[str, Any]) -> dict[str, Any]:
    """A dataset of `packages` as ``package_show`` answers it to who may see everything."""
    plugin = lib_plugins.lookup_package_plugin(data["type"])
    context = _context()
    if data["type"] == "dataset" and can_compose():
        schema = _own_schema(type(plugin))
        # Scheming adds to it.
        schema = {**schema, "resources": {**schema["resources"]}}
        run = _own_validation(type(plugin))
        shown, _ = run(plugin, context, data, schema, "package_show")
    else:
        schema = plugin.show_package_schema()
        shown, _ = lib_plugins.plugin_validate(plugin, context, data, schema, "package_show")
    logic.apply_after_dataset_show_plugins(context, shown)
    return dict(shown)


@cache
def _own_schema(kind: Any) -> dict[str, Any]:
    return dict(lib_plugins.lookup_package_plugin("dataset").show_package_schema())


@cache
def _own_validation(kind: Any) -> Any:
    """Scheming's ``validate`` for showing: it composes the same schema for every dataset."""
    composed: list[Showing] = []

    def navl_validate(data: Any, schema: dict[str, Any], context: Context) -> tuple[Any, Any]:
        if not composed:
            composed.append(Showing(schema))
        return composed[0](data, context)

    own = kind.validate
    names = {**own.__globals__, "navl_validate": navl_validate}
    return FunctionType(own.__code__, names, own.__name__, own.__defaults__)


@cache
def _default_validation() -> Showing:
    return Showing(default_show_package_schema())


def _context() -> Context:
    return Context(user="", ignore_auth=True, use_cache=False, session=model.Session)


class _Prefetched:
    """The rows that CKAN's dictizing asks for, by dataset, read once for all of them."""

    def __init__(self, found: Collection[model.Package]):
        ids = [package.id for package in found]
        resource, member = model.resource_table, model.member_table
        group, link = model.group_table, model.package_tag_table
        relation = model.package_relationship_table
        self._resources = _by(sa.select(resource), resource.c["package_id"], ids)
        tags = sa.select(model.tag_table, link.c["state"]).join(
            link, model.tag_table.c["id"] == link.c["tag_id"]
        )
        self._tags = _by(tags, link.c["package_id"], ids)
        groups = sa.select(group, member.c["capacity"]).join(
            member, group.c["id"] == member.c["group_id"]
        )
        groups = groups.where(
            member.c["state"] == "active", group.c["is_organization"] == sa.false()
        )
        self._groups = _by(groups, member.c["table_id"], ids)
        owners = {package.owner_org for package in found if package.owner_org}
        self._owners = _by(
            sa.select(group).where(group.c["state"] == "active"), group.c["id"], owners
        )
        self._subjects = _by(sa.select(relation), relation.c["subject_package_id"], ids)
        self._objects = _by(sa.select(relation), relation.c["object_package_id"], ids)

    def dictize(self, package: model.Package) -> dict[str, Any]:
        """CKAN's ``package_dictize`` on the rows at hand."""
        own = model_dictize.package_dictize
        asked = {"_execute": self._answers(package), "model": _Tables, "select": _select}
        names = {**own.__globals__, **asked}
        run = FunctionType(own.__code__, names, own.__name__, own.__defaults__)
        data: dict[str, Any] = run(package, _context())
        return data

    def _answers(self, package: model.Package) -> Callable[..., Any]:
        """What CKAN's queries of one dataset find, in the order in which it asks them."""
        answers: Iterator[tuple[Any, list[Any]]] = iter(
            (
                (_Tables.resource_table, self._resources[package.id]),
                (_Tables.package_tag_table, self._tags[package.id]),
                (_Tables.member_table, self._groups[package.id]),
                (_Tables.group_table, self._owners[package.owner_org or ""]),
                (_Tables.package_relationship_table, self._subjects[package.id]),
                (_Tables.package_relationship_table, self._objects[package.id]),
            )
        )

        def answer(query: Any, table: Any, context: Context) -> Any:
            expected, rows = next(answers, (None, []))
            if table is not expected:
                raise RuntimeError(f"CKAN's package_dictize asks for {table.name} in another order")
            return rows

        return answer


class _Unasked:
    """A table in CKAN's queries, and every part of one: they are written, but never asked."""

    def __init__(self, name: str = ""):
        self.name = name

    @property
    def c(self) -> _Unasked:
        return self

    def __getitem__(self, column: str) -> _Unasked:
        return self

    def __eq__(self, value: object) -> bool:
        return False

    __hash__ = object.__hash__

    def where(self, *conditions: Any) -> _Unasked:
        return self

    join = where


class _Tables:
    """What ``package_dictize`` takes of CKAN's model."""

    resource_table = _Unasked("resource")
    tag_table = _Unasked("tag")
    package_tag_table = _Unasked("package_tag")
    member_table = _Unasked("member")
    group_table = _Unasked("group")
    package_relationship_table = _Unasked("package_relationship")


def _select(*columns: Any) -> _Unasked:
    return _Unasked()


def _by(query: Any, key: Any, values: Collection[str]) -> defaultdict[str, list[Any]]:
    """Rows of the query by the value of one more column, which the rows themselves do not have."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    if not values:
        return found
    result = model.Session.execute(query.add_columns(key.label("_key")).where(key.in_(values)))
    names = list(result.keys())[:-1]
    of_key: defaultdict[str, list[Any]] = defaultdict(list)
    for row in result:
        of_key[row[-1]].append(tuple(row[:-1]))
    for value, rows in of_key.items():
        found[value] = IteratorResult(SimpleResultMetaData(names), iter(rows)).all()
    return found
