"""Many datasets in one transaction, with the effects of ``package_create`` and ``package_update``.

New datasets are built as ORM objects and flushed together; changed ones go through CKAN's own
``package_update``, whose commit, savepoint and rollback are held back. Hooks, permission labels,
membership and activities are those of the action API (`batch_effects` says when a batch may stand
for it). Whatever fails here is rolled back by the caller, whole.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from ckan import model, plugins
from ckan.lib.plugins import get_permission_labels
from ckan.logic import ValidationError
from ckan.logic.action import update as ckan_update
from ckan.plugins import toolkit
from ckan.types import Context
from ckanext.thanhhoa import package_shows
from ckanext.thanhhoa.batch_checks import Checks, Known
from ckanext.thanhhoa.names import lock_texts


@dataclass
class Written:
    """What a batch did: the datasets as they are now, and what CKAN's validation refused."""

    #: (by the default schema, by the portal's own), for the index and for activities.
    shows: dict[str, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    refused: dict[str, ValidationError] = field(default_factory=dict)


def write(
    new: Sequence[dict[str, Any]],
    changed: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    user: model.User,
    organization: str,
) -> Written:
    """Writes dataset dicts (as for the action API) and flushes. Commits nothing.

    `new` are those of `package_create`, with `name`; `changed` are (as shown before, wanted) for
    `package_update`. A dataset that validation refuses is left as it was and named in the answer.
    """
    written = Written()
    packages: dict[str, tuple[model.Package, str]] = {}
    if changed:
        # CKAN's own update makes missing tags, too. All at once, so that no two wait in a circle.
        lock_missing_tags([*new, *(wanted for _, wanted in changed)])
    created = _checked(new, user, organization, written)
    with model.Session.no_autoflush:
        built = _build(created, user, organization)
    model.Session.flush()
    for package, data in zip(built, created, strict=True):
        packages[package.id] = package, "new"
        _tell_created(package, data, user)
    for before, wanted in changed:
        package = model.Package.get(wanted["id"])
        try:
            if _update(package, before, wanted, user):
                packages[package.id] = package, "changed"
        except ValidationError as error:
            written.refused[wanted["id"]] = error
    shown = package_shows.packages({id_: package for id_, (package, _) in packages.items()})
    for id_, data in shown.items():
        written.shows[id_] = (
            package_shows.by_default_schema(data),
            package_shows.by_own_schema(data),
        )
    if plugins.plugin_loaded("activity") and toolkit.config["ckan.activity_streams_enabled"]:
        _note_activities(packages, written, user)
    model.Session.flush()
    return written


def _checked(
    new: Sequence[dict[str, Any]], user: model.User, organization: str, written: Written
) -> list[dict[str, Any]]:
    if not new:
        return []
    resource_ids = [resource["id"] for data in new for resource in data["resources"]]
    checks = Checks(Known.of([data["id"] for data in new], resource_ids, organization))
    passed = []
    for data in new:
        try:
            passed.append(checks.create(_context(user), data))
        except ValidationError as error:
            written.refused[data["id"]] = error
    return passed


def _build(
    datasets: Sequence[dict[str, Any]], user: model.User, organization: str
) -> list[model.Package]:
    """New datasets with resources, tags, membership, as CKAN's ``package_dict_save`` has them."""
    owner = model.Group.get(organization) if datasets else None
    tags = _tags({tag["name"] for data in datasets for tag in data.get("tags") or []})
    now = datetime.datetime.utcnow
    built = []
    for data in datasets:
        data["creator_user_id"] = user.id
        extras = {extra["key"]: extra["value"] for extra in data.get("extras", [])}
        package = model.Package()
        package.from_dict({**data, "extras": extras})
        package.metadata_modified = now()
        package.resources_all[:] = [_resource(r, package.id) for r in data.get("resources") or []]
        model.Session.add(package)
        for name in dict.fromkeys(tag["name"] for tag in data.get("tags") or []):
            model.Session.add(model.PackageTag(package, tags[name], "active"))
        if owner is not None:
            member = {"table_id": package.id, "table_name": "package", "capacity": "organization"}
            model.Session.add(
                model.Member(group=owner, group_id=owner.id, state="active", **member)
            )
        built.append(package)
    return built


def _resource(given: dict[str, Any], package_id: str) -> model.Resource:
    """As CKAN's ``resource_dict_save`` makes it, which changes what it is given, too."""
    given["package_id"] = package_id
    if given.get("url") and given.get("url_type") == "upload":
        given["url"] = given["url"].rsplit("/")[-1]
    for ignored in ("extras", "revision_timestamp", "tracking_summary"):
        given.pop(ignored, None)
    resource = model.Resource()
    changed, extras = resource.from_dict(given)
    if "url" in changed:
        resource.url_changed = True
    resource.metadata_modified = datetime.datetime.utcnow()
    resource.state = "active"
    resource.extras = extras
    return resource


def _tags(names: set[str]) -> dict[str, model.Tag]:
    """Free tags by name, made where they are missing.

    Nothing in CKAN's tables keeps two writers from making the same one: they wait for one another.
    """
    found = _tags_there(names)
    missing = sorted(names - found.keys())
    if missing:
        lock_texts("tag", missing)
        found |= _tags_there(missing)
        for name in missing:
            if name not in found:
                found[name] = model.Tag(name=name)
                model.Session.add(found[name])
    return found


def lock_missing_tags(datasets: Sequence[dict[str, Any]]) -> None:
    """No other harvest makes the same tag meanwhile; held to the commit's end."""
    names = {tag["name"] for data in datasets for tag in data.get("tags") or []}
    missing = names - _tags_there(names).keys()
    if missing:
        lock_texts("tag", sorted(missing))


def _tags_there(names: Any) -> dict[str, model.Tag]:
    if not names:
        return {}
    query = model.Session.query(model.Tag).filter(
        model.Tag.name.in_(names), model.Tag.vocabulary_id.is_(None)
    )
    return {tag.name: tag for tag in query.order_by(model.Tag.id.desc())}


def _tell_created(package: model.Package, data: dict[str, Any], user: model.User) -> None:
    data["id"] = package.id
    for given, resource in zip(data.get("resources") or [], package.resources, strict=True):
        given["id"] = resource.id
    context = _context(user, package=package, defer_commit=True, return_id_only=True)
    for controller in plugins.PluginImplementations(plugins.IPackageController):
        controller.create(package)
        controller.after_dataset_create(context, data)


def _update(
    package: model.Package, before: dict[str, Any], wanted: dict[str, Any], user: model.User
) -> bool:
    """CKAN's ``package_update`` within our transaction; whether it changed anything."""
    modified = package.metadata_modified
    own = ckan_update.package_update
    names = {**own.__globals__, "model": _Held(model), "_check_access": lambda *_: True}
    run = FunctionType(own.__code__, names, own.__name__, own.__defaults__)
    context = _context(user, original_package=before, defer_commit=True, return_id_only=True)
    run(context, wanted)
    return bool(package.metadata_modified != modified)


class _Held:
    """CKAN's model for code that must neither roll back, commit, nor set a savepoint."""

    def __init__(self, target: Any):
        self._target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        return _Held(value) if name in ("Session", "repo", "session") else value

    def begin_nested(self) -> _Held:
        return self

    def rollback(self) -> None:
        """The caller sees the error and leaves what was before."""

    def commit(self) -> None:
        """The batch commits once, in the end."""


def _note_activities(
    packages: Mapping[str, tuple[model.Package, str]], written: Written, user: model.User
) -> None:
    """What ckanext-activity notes when the actions succeed."""
    from ckanext.activity.model import Activity

    labels = get_permission_labels()
    for id_, (package, kind) in packages.items():
        data = {"package": written.shows[id_][1], "actor": user.name}
        seen_by = labels.get_dataset_labels(package)
        model.Session.add(Activity(user.id, id_, f"{kind} package", data, seen_by))


def _context(user: model.User, **more: Any) -> Context:
    return Context(user=user.name, ignore_auth=True, model=model, session=model.Session, **more)
