"""Many datasets shown at once are what ``package_show`` gives for each, also where rows are odd."""

from __future__ import annotations

import json
from typing import Any

import pytest

factories = pytest.importorskip("ckan.tests.factories")
navl = pytest.importorskip("ckan.lib.navl.dictization_functions")
package_shows = pytest.importorskip("ckanext.thanhhoa.package_shows")

#: Rows as older versions, other extensions and hands in the database may have left them.
ODD: dict[str, dict[str, Any]] = {
    "as made": {},
    "without a title": {"title": None, "notes": None, "license_id": ""},
    "without a name": {"name": ""},
    "draft": {"state": "draft"},
    "deleted": {"state": "deleted", "owner_org": None},
    "private, of another type": {"private": True, "type": "khac"},
    "no extras": {"extras": {}},
    "odd extras": {
        "extras": {"theme": '["01"', "frequency": "", "của nơi khác": "1", "issued": "hôm qua"}
    },
    "empty lists": {"extras": {"theme": "[]", "contact": "[]", "language": '["vi"]'}},
    "extras named as fields": {"extras": {"title": "x", "resources": "y", "tags": "z", "id": "1"}},
}
RESOURCES = [
    {"name": "Bảng", "url": "https://e.org/1.csv", "format": "CSV", "kích cỡ": "12"},
    {"url": "https://e.org/2"},
]


@pytest.fixture
def ids(clean_portal: None, app: Any) -> Any:
    from ckan import model

    with app.flask_app.test_request_context():
        agency = factories.Organization()
        group = factories.Group()
        made = []
        for at in range(len(ODD)):
            dataset = factories.Dataset(
                owner_org=agency["id"],
                access_rights="PUBLIC",
                theme=["08"],
                frequency="ANNUAL",
                title_en="Land" if at % 2 else "",
                contact=[{"name": "Phòng Đo đạc"}],
                tags=[{"name": f"đất {at}"}, {"name": "ruộng"}],
                groups=[{"id": group["id"]}] if at % 3 else [],
                resources=RESOURCES[: at % 3],
            )
            made.append(dataset["id"])
        for id_, changed in zip(made, ODD.values(), strict=True):
            if changed:
                model.Session.query(model.Package).filter_by(id=id_).update(changed)
        model.Session.commit()
        model.Session.remove()
        yield made


def test_both_forms_are_ckans(ids: list[str]) -> None:
    read = package_shows.packages(package_shows.load(ids))
    for id_, what in zip(ids, ODD, strict=True):
        mine = package_shows.by_default_schema(read[id_]), package_shows.by_own_schema(read[id_])
        assert [_written(one) for one in mine] == [_written(one) for one in _theirs(id_)], what


def _theirs(id_: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """As CKAN's own indexing asks for a dataset."""
    from ckan import model
    from ckan.logic.schema import default_show_package_schema
    from ckan.plugins import toolkit

    def show(**more: Any) -> dict[str, Any]:
        context = {"ignore_auth": True, "user": "", "use_cache": False, **more}
        return dict(toolkit.get_action("package_show")(context, {"id": id_}))

    context = {"user": "", "model": model, "session": model.Session}
    default, _ = navl.validate(show(validate=False), default_show_package_schema(), context)
    return default, show()


def _written(shown: dict[str, Any]) -> Any:
    return json.loads(json.dumps(shown, cls=navl.MissingNullEncoder))
