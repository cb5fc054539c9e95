"""`package_search` over the API passes stored JSON on, and nobody can tell."""

import json
import uuid
from typing import Any

import ckan.plugins as plugins
import msgspec
import pysolr
import pytest
from ckan.lib.lazyjson import LazyJSONObject
from ckan.lib.search import make_connection
from ckan.logic.action import get
from ckanext.thanhhoa import stored_json


@pytest.fixture
def portal(with_plugins: None, app: Any) -> Any:
    """A catalogue with a public, a private, a restricted and a draft dataset."""
    from ckan.tests import factories, helpers

    with app.flask_app.test_request_context():
        member = factories.UserWithToken()
        agency = factories.Organization(
            name=f"so-{uuid.uuid4().hex[:8]}",
            users=[{"name": member["name"], "capacity": "editor"}],
        )
        context = {"user": factories.Sysadmin()["name"], "ignore_auth": True}
        for number, fields in enumerate(
            (
                {"title_en": "Land", "tags": [{"name": "đất đai"}], "contact": [{"name": "Đ"}]},
                {"access_rights": "NON_PUBLIC", "private": True},
                {"access_rights": "RESTRICTED"},
                {"state": "draft"},
            )
        ):
            given = {"access_rights": "PUBLIC", "frequency": "ANNUAL", "theme": ["08"], **fields}
            resources = [{"name": "Tệp", "url": f"https://e.org/{number}.csv", "format": "CSV"}]
            helpers.call_action(
                "package_create",
                context=dict(context),
                name=f"d-{uuid.uuid4().hex[:12]}",
                title=f"Đất đai “{number}”",
                owner_org=agency["id"],
                resources=resources,
                **given,
            )
    return {
        "fq": f"owner_org:{agency['id']}",
        "users": {
            "anonymous": "",
            "member": member["token"],
            "sysadmin": factories.SysadminWithToken()["token"],
        },
    }


def ask(app: Any, token: str, **params: Any) -> tuple[int, Any]:
    headers = {"Authorization": token} if token else {}
    answer = app.get(
        "/api/3/action/package_search", query_string=params, headers=headers, status=None
    )
    return answer.status_code, json.loads(answer.body)


QUERIES = [
    {},
    {"rows": 0},
    {"rows": 1, "start": 1},
    {"q": "đất"},
    {"q": "*:*", "sort": "name desc"},
    {"use_default_schema": "true"},
    {"include_private": "true"},
    {"include_drafts": "true", "include_private": "true"},
    {"include_deleted": "true"},
    {"fl": "id,name,extras_title_en"},
    {"fl": "id validated_data_dict"},
    {"fl": "id data_dict"},
    {"fl": "id"},
    {"facet.field": '["organization", "tags", "theme", "license_id"]', "facet.limit": "5"},
    {"facet": "false"},
    {"q": "không có gì như thế"},
    {"q": "title:(x"},
    {"rows": "nhiều"},
    {"sort": "khong_co desc"},
    {"callback": "goi"},
]


@pytest.mark.parametrize("user", ["anonymous", "member", "sysadmin"])
def test_the_answer_is_that_of_ckan(
    app: Any, portal: Any, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    token = portal["users"][user]
    passed: list[int] = []

    def counted(text: str) -> LazyJSONObject:
        passed.append(1)
        return LazyJSONObject(text)

    def answers() -> Any:
        for params in QUERIES:
            got = app.get(
                "/api/3/action/package_search",
                query_string={"fq": portal["fq"], **params},
                headers={"Authorization": token} if token else {},
                status=None,
            )
            body = got.body
            if "callback" in params:
                assert body.startswith("goi(")
                body = body[4:-2]
            yield params, got.status_code, got.headers["Content-Type"], json.loads(body)

    stored_json._unread.cache_clear()
    monkeypatch.setattr(stored_json, "LazyJSONObject", counted)
    ours = list(answers())
    monkeypatch.setattr(stored_json, "passed_on", lambda original, context, asked: original)
    assert ours == list(answers())
    stored_json._unread.cache_clear()
    found = [
        len(body["result"]["results"])
        for params, status, _, body in ours
        if status == 200 and "fl" not in params
    ]
    assert len(passed) == sum(found) > 0


def test_solr_is_asked_for_the_json_as_it_is(
    app: Any, portal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    search = pysolr.Solr.search

    def counted(self: Any, **query: Any) -> Any:
        asked.append(query["fl"])
        return search(self, **query)

    monkeypatch.setattr(pysolr.Solr, "search", counted)
    for params in ({}, {"use_default_schema": "true"}, {"fl": "id,name"}):
        ask(app, "", fq=portal["fq"], **params)
    assert asked == ["id validated_data_dict:[json]", "id data_dict:[json]", "id,name"]


def test_a_dataset_may_come_as_a_string_that_holds_its_json() -> None:
    dataset = '{"title": "Đất “1”"}'
    raw = [msgspec.Raw(dataset.encode()), msgspec.Raw(json.dumps(dataset).encode()), dataset]
    assert [stored_json._as_stored(one).encoded_json for one in raw] == [dataset] * 3


def test_what_is_json_to_python_alone_is_answered_as_ckan_does(
    app: Any, portal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    solr = make_connection(decode_dates=False)
    seen = [portal["fq"], "capacity:public", "state:active"]
    [document] = solr.search("*:*", fq=seen, rows=1, fl="*").docs
    document.pop("_version_")
    site, id_ = document["site_id"], uuid.uuid4().hex
    own = {"index_id": id_, "id": id_, "name": id_, "validated_data_dict": '{"size": NaN}'}
    labels = {"permission_labels": ["public"]}
    solr.add([{**document, **own, **labels, "site_id": site}], commit=True)
    try:
        status, answer = ask(app, "", fq=f"name:{id_}")
        assert status == 200
        assert repr(answer["result"]["results"]) == "[{'size': nan}]"
    finally:
        solr.delete(id=id_, commit=True)


def test_there_is_something_to_tell_apart(app: Any, portal: Any) -> None:
    counts = {
        user: ask(app, token, fq=portal["fq"], include_private="true")[1]["result"]["count"]
        for user, token in portal["users"].items()
    }
    assert counts == {"anonymous": 2, "member": 3, "sysadmin": 3}


def test_by_post_as_by_get(app: Any, portal: Any) -> None:
    posted = app.post("/api/3/action/package_search", json={"fq": portal["fq"]})
    assert json.loads(posted.body) == ask(app, "", fq=portal["fq"])[1]


def test_code_that_calls_the_action_gets_datasets(app: Any, portal: Any) -> None:
    with app.flask_app.test_request_context("/api/3/action/package_search"):
        found = plugins.toolkit.get_action("package_search")({}, {"fq": portal["fq"]})
    assert [type(dataset) for dataset in found["results"]] == [dict, dict]


class Changes(plugins.SingletonPlugin):
    """A plugin that has a look at the datasets found."""

    plugins.implements(plugins.IPackageController, inherit=True)

    def after_dataset_search(self, search_results: Any, search_params: Any) -> Any:
        for dataset in search_results["results"]:
            assert isinstance(dataset, dict)
            dataset["seen"] = True
        return search_results


class LooksOn(plugins.SingletonPlugin):
    """A plugin that has nothing to do with results."""

    plugins.implements(plugins.IPackageController, inherit=True)


@pytest.mark.parametrize(("plugin", "passes"), [(Changes, False), (LooksOn, True)])
def test_a_plugin_that_changes_results_gets_them_read(
    app: Any, portal: Any, monkeypatch: pytest.MonkeyPatch, plugin: Any, passes: bool
) -> None:
    loaded = plugin()
    own = plugins.PluginImplementations.__iter__

    def with_one_more(self: Any) -> Any:
        yield from own(self)
        if self.interface is plugins.IPackageController:
            yield loaded

    monkeypatch.setattr(plugins.PluginImplementations, "__iter__", with_one_more)
    assert any(stored_json._changers()) is not passes
    _, answer = ask(app, "", fq=portal["fq"])
    assert [d.get("seen") for d in answer["result"]["results"]] == [None if passes else True] * 2


def test_another_search_around_ours_gets_them_read() -> None:
    class Around:
        @staticmethod
        def get_actions() -> dict[str, Any]:
            return {"package_search": lambda context, data_dict: {}}

    assert stored_json._acts_on_search(Around())


def test_ckan_reads_json_in_one_place_of_its_search() -> None:
    """The canary for what `_unread` replaces."""
    assert "json" in get.package_search.__code__.co_names
    assert get.package_search.__code__.co_names.count("loads") == 1
    assert "dumps" not in get.package_search.__code__.co_names
