"""A batch leaves what CKAN's action API would: the same rows, documents, hooks, activities."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from harvesters.model import Change, Column, File, MappedDataset, MappedResource, Table
from tests.ckanext.harvest_rig import Harvest, create, update

WORDS = st.text("aăâbcdđeêghiklmnoôơpqrstuưvxy 0123456789", min_size=1, max_size=30).map(str.strip)
TEXTS = WORDS.filter(lambda text: len(text) >= 2)
TABLE = Table((Column("nam", "integer", "Năm"), Column("gt", "number", "Giá trị")), ((2023, 5),))
FILE = File("Báo cáo quý I.csv", "text/csv", "năm\n2024\n".encode())

#: What says when or by which key something was written, not what.
_MOMENTS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")
_OTHER_KEYS = ("index_id", "_version_", "timestamp", "_full_text")


@dataclasses.dataclass(frozen=True)
class Shape:
    """A dataset apart from its ids."""

    fields: dict[str, Any]
    resources: tuple[tuple[str, dict[str, Any]], ...]

    def of(self, harvest: Harvest, remote_id: str) -> MappedDataset:
        made: list[MappedResource] = []
        for number, (kind, fields) in enumerate(self.resources):
            what = {"table": {"table": TABLE}, "file": {"file": FILE}}.get(kind, {})
            made.append(harvest.resource(remote_id, f"r{number}", **what, **fields))
        dataset = harvest.dataset(remote_id, made)
        return dataclasses.replace(dataset, fields=self.fields)


FIELDS = st.fixed_dictionaries(
    {
        "title": TEXTS.map("Bộ {}".format),
        "access_rights": st.sampled_from(["PUBLIC", "PUBLIC", "RESTRICTED", "NON_PUBLIC"]),
    },
    optional={
        "notes": TEXTS,
        "title_en": TEXTS,
        "theme": st.lists(st.sampled_from(["08", "13", "19"]), min_size=1, max_size=2, unique=True),
        "tags": st.lists(TEXTS, min_size=1, max_size=4, unique=True).map(sorted),
        "frequency": st.sampled_from(["ANNUAL", "MONTHLY"]),
        "license_id": st.just("CC-BY-4.0"),
        "language": st.just(["vi"]),
        "contact": st.just([{"name": "Phòng CĐS", "email": "cds@thanhhoa.gov.vn"}]),
        "issued": st.just("2023-01-15"),
        "identifier": TEXTS,
        "url": st.just("https://thanhhoa.gov.vn/a"),
        "harvest_source": st.just("so-y-te"),
    },
)
LINK = st.tuples(
    st.just("link"),
    st.fixed_dictionaries(
        {"url": st.sampled_from(["https://e.org/a.csv", "https://e.org/b.pdf", "http://e.org/c"])},
        optional={"format": st.sampled_from(["CSV", "PDF"]), "description": TEXTS, "unit": TEXTS},
    ),
)
STORED = st.tuples(st.sampled_from(["table", "file"]), st.just({"format": "CSV"}))
SHAPES = st.builds(Shape, FIELDS, st.lists(st.one_of(LINK, LINK, STORED), max_size=3).map(tuple))


@pytest.fixture
def hooks(site: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The calls of plugins' hooks for writing, in order."""
    from ckan.model.modification import DomainObjectModificationExtension
    from ckanext.thanhhoa.plugin import ThanhhoaPlugin

    calls: list[tuple[str, Any]] = []

    def record(owner: Any, name: str, tell: Callable[..., Any]) -> None:
        original = getattr(owner, name)

        def recorded(self: Any, *args: Any) -> Any:
            calls.append((name, tell(*args)))
            return original(self, *args)

        monkeypatch.setattr(owner, name, recorded)

    def of_action(context: Any, data: dict[str, Any]) -> Any:
        said = {key: context.get(key) for key in ("user", "ignore_auth")}
        return [said, {k: v for k, v in data.items() if not k.startswith("metadata_")}]

    for name in ("create", "edit", "delete"):
        record(ThanhhoaPlugin, name, lambda entity: [entity.id, entity.state, entity.title])
    for name in ("after_dataset_create", "after_dataset_update"):
        record(ThanhhoaPlugin, name, of_action)
    record(
        DomainObjectModificationExtension,
        "notify",
        lambda entity, operation: [type(entity).__name__, entity.id, str(operation)],
    )
    return calls


def _leaves(dataset_id: str) -> dict[str, Any]:
    """Everything that a write of this dataset has left behind."""
    from ckan import model
    from ckan.lib import search
    from ckan.plugins import toolkit
    from ckanext.activity.model import Activity

    package = model.Package.get(dataset_id)
    shown = toolkit.get_action("package_show")(
        {"ignore_auth": True, "use_cache": False}, {"id": dataset_id}
    )
    resources = model.Session.query(model.Resource).filter_by(package_id=dataset_id)
    resources = resources.order_by(model.Resource.name).all()
    resource_ids = [resource.id for resource in resources]
    views = model.Session.query(model.ResourceView).filter(
        model.ResourceView.resource_id.in_(resource_ids)
    )
    activities = model.Session.query(Activity).filter_by(object_id=dataset_id)
    found = search.make_connection(decode_dates=False).search(f'id:"{dataset_id}"', rows=5).docs
    documents = [dict(document) for document in found]
    for document in documents:
        for name in ("data_dict", "validated_data_dict"):
            document[name] = json.loads(document[name])
    members = model.Session.query(model.Member).filter_by(table_id=dataset_id)
    return {
        "show": shown,
        "package": {c.name: getattr(package, c.name) for c in model.package_table.c},
        "resources": [
            {c.name: getattr(r, c.name) for c in model.resource_table.c} for r in resources
        ],
        "members": sorted((m.group_id, m.capacity, m.state, m.table_name) for m in members),
        "tags": sorted((t.tag.name, t.state) for t in package.package_tags),
        "views": sorted((v.resource_id, v.view_type, v.title, str(v.config)) for v in views),
        "activities": [
            (a.activity_type, a.user_id, a.data, a.permission_labels)
            for a in activities.order_by(Activity.timestamp)
        ],
        "documents": documents,
    }


def _comparable(left: Any, dataset: MappedDataset, name: str) -> Any:
    """Without ids, names and moments. Sorted where the order is nobody's."""
    text = json.dumps(_without(left), default=datetime.isoformat, ensure_ascii=False)
    text = text.replace(dataset.id, "<id>")
    for number, resource in enumerate(dataset.resources):
        text = text.replace(resource.id, f"<resource {number}>")
    text = re.sub(rf"\b{re.escape(name)}\b", "<name>", text)
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<another id>", text)
    return json.loads(_MOMENTS.sub("<moment>", text))


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without(v) for k, v in value.items() if k not in _OTHER_KEYS}
    if isinstance(value, list) and value and isinstance(value[0], dict) and "key" in value[0]:
        # Extras come in the order in which they lie in memory, or in that of the database.
        return sorted(value, key=lambda extra: str(extra["key"]))
    return [_without(v) for v in value] if isinstance(value, (list, tuple)) else value


def _differences(one: Any, other: Any, place: str = "") -> Iterator[str]:
    """Where two JSON values differ, in words."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _differences(one.get(key), other.get(key), f"{place}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from _differences(a, b, f"{place}[{number}]")
    elif one != other:
        yield f"{place}: batch {one!r}, actions {other!r}"


def _compare(
    written: list[tuple[Any, Any, MappedDataset, str]], hooks: list[list[tuple[str, Any]]]
) -> None:
    one, other = (_comparable(left, dataset, name) for left, _, dataset, name in written)
    for what in one:
        if what == "views":  # they were sorted by ids, which are not the same
            one[what], other[what] = sorted(one[what]), sorted(other[what])
        assert list(_differences(one[what], other[what])) == [], what
    first, second = (
        sorted(_comparable(calls, dataset, name), key=json.dumps)
        for (_, _, dataset, name), calls in zip(written, hooks, strict=True)
    )
    assert list(_differences(first, second)) == [], "hooks"


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=SHAPES, after=SHAPES)
def test_a_batch_leaves_what_the_actions_leave(
    agency: dict[str, Any], hooks: list[tuple[str, Any]], before: Shape, after: Shape
) -> None:
    from ckan import model
    from ckanext.thanhhoa import catalog

    # Of an update that changes nothing CKAN notes an activity all the same; a batch does not.
    assume(before != after)
    said: dict[str, list[Any]] = {"create": [], "update": []}
    written: dict[str, list[Any]] = {"create": [], "update": []}
    for batched in (True, False):
        harvest = Harvest(agency["id"])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(catalog, "may_batch", lambda batched=batched: batched)
            for kind, shape, line in (("create", before, create), ("update", after, update)):
                dataset = shape.of(harvest, "r")
                hooks.clear()
                change: Change = line("r", dataset)
                (outcome,) = harvest.apply([change])
                assert outcome.problem is None
                said[kind].append([call for call in hooks])
                model.Session.expire_all()
                name = model.Package.get(dataset.id).name
                written[kind].append((_leaves(dataset.id), None, dataset, name))
    for kind in said:
        _compare(written[kind], said[kind])
