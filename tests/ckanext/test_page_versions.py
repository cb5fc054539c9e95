"""ETags: the same page is not sent twice, and no change goes by."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

API = "/api/3/action"


@pytest.fixture
def dataset(agency: dict[str, Any]) -> dict[str, Any]:
    return _api("package_create", title=f"Thử {uuid.uuid4().hex}", owner_org=agency["id"],
                access_rights="PUBLIC", frequency="ANNUAL", theme=["08"])  # fmt: skip


@pytest.fixture
def paths(dataset: dict[str, Any], agency: dict[str, Any]) -> list[str]:
    return [
        "/", "/about", "/dataset/", "/dataset/?q=th%E1%BB%AD&theme=08",
        f"/dataset/{dataset['name']}", "/organization/", f"/organization/{agency['name']}",
        f"/en/dataset/{dataset['name']}", f"{API}/package_search?rows=2",
        f"{API}/package_show?id={dataset['id']}", f"{API}/organization_list?all_fields=true",
    ]  # fmt: skip


def test_what_is_known_is_not_sent_again(browse: Callable[..., Any], paths: list[str]) -> None:
    for path in paths:
        first = browse(path)
        assert first.status_code == 200, path
        tag = first.headers["ETag"]
        assert tag.startswith('W/"')
        assert {"Cookie", "Accept"} <= set(first.vary), path
        assert first.cache_control.no_cache
        assert "Set-Cookie" not in first.headers, path
        again = browse(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b""), path
        assert again.headers["ETag"] == tag
        assert "Cookie" in again.vary


def test_pages_of_one_address_in_two_languages_or_forms_differ(
    browse: Callable[..., Any], dataset: dict[str, Any]
) -> None:
    path = f"/dataset/{dataset['name']}"
    tags = {
        browse(path).headers["ETag"],
        browse(f"/en{path}").headers["ETag"],
        browse(path, headers={"Accept": "text/html"}).headers["ETag"],
        browse(path, headers={"HX-Request": "true"}).headers["ETag"],
        browse("/dataset/?q=a").headers["ETag"],
        browse("/dataset/?q=b").headers["ETag"],
    }
    assert len(tags) == 6


def test_a_part_of_a_page_is_not_taken_for_the_page(
    browse: Callable[..., Any], dataset: dict[str, Any]
) -> None:
    whole = browse("/dataset/")
    part = browse(
        "/dataset/", headers={"HX-Request": "true", "If-None-Match": whole.headers["ETag"]}
    )
    assert part.status_code == 200
    assert "</html>" in whole.text
    assert "</html>" not in part.text
    for answer in (whole, part):
        assert "HX-Request" in answer.vary


def test_what_is_known_is_known_by_name(
    browse: Callable[..., Any], dataset: dict[str, Any]
) -> None:
    any_ = {"If-None-Match": "*"}
    assert browse("/dataset/khong-co", headers=any_, status=None).status_code == 404
    assert browse(f"{API}/package_show?id=khong-co", headers=any_, status=None).status_code == 404
    assert browse(f"/dataset/{dataset['name']}", headers=any_).status_code == 200
    path = f"/dataset/{dataset['name']}"
    tag = browse(path).headers["ETag"]
    assert browse(path, headers={"If-None-Match": f'"a", {tag}'}).status_code == 304


@pytest.mark.parametrize(
    "change",
    ["title", "resource", "tag", "agency", "deletion", "view", "setting", "table", "sql"],
)
def test_every_change_makes_a_new_version(
    browse: Callable[..., Any],
    dataset: dict[str, Any],
    agency: dict[str, Any],
    paths: list[str],
    change: str,
) -> None:
    tags = {path: browse(path).headers["ETag"] for path in paths}
    _change(change, dataset["id"], agency["id"])
    for path, tag in tags.items():
        answer = browse(path, headers={"If-None-Match": tag})
        assert answer.status_code != 304, path
        assert answer.headers.get("ETag") != tag, path


def test_what_solr_learns_later_makes_a_new_version(
    browse: Callable[..., Any], dataset: dict[str, Any]
) -> None:
    from ckanext.thanhhoa import index

    with index.deferred():
        _api("package_patch", id=dataset["id"], title="Chưa vào chỉ mục")
    between = browse("/dataset/").headers["ETag"]
    index.flush()
    assert browse("/dataset/", headers={"If-None-Match": between}).status_code == 200


def test_who_has_logged_in_gets_a_page_of_their_own(
    browse: Callable[..., Any], dataset: dict[str, Any], paths: list[str]
) -> None:
    from ckan.tests import factories

    token = factories.UserWithToken()["token"]
    tags = {path: browse(path).headers["ETag"] for path in paths}
    for path, tag in tags.items():
        answer = browse(path, headers={"Authorization": token, "If-None-Match": tag})
        assert answer.status_code == 200, path
        assert "ETag" not in answer.headers, path
        assert "Cookie" in answer.vary, path


def test_a_message_is_for_one_visitor(site: Any, dataset: dict[str, Any]) -> None:
    client = site.flask_app.test_client()
    base = {"base_url": "http://test.ckan.net"}
    tag = client.get("/dataset/", **base).headers["ETag"]
    with client.session_transaction(**base) as session:
        session["_flashes"] = [("alert-success", "Chỉ cho một người")]
    told = client.get("/dataset/", headers={"If-None-Match": tag}, **base)
    assert told.status_code == 200
    assert "Chỉ cho một người" in told.text
    assert "ETag" not in told.headers
    # It has been told: the page is everybody's again, though the visitor has a session.
    assert client.get("/dataset/", headers={"If-None-Match": tag}, **base).status_code == 304


def test_a_page_without_a_form_holds_no_token_and_a_form_does(browse: Callable[..., Any]) -> None:
    assert '<meta name="_csrf_token" content="" />' in browse("/").text
    login = browse("/user/login")
    assert 'name="_csrf_token" type="hidden" value="' in login.text or "_csrf_token" in login.text
    assert 'content="" />' not in login.text.split("csrf_field_name", 1)[1][:200]
    assert "ETag" not in login.headers


def test_a_page_of_an_outage_is_not_kept(
    browse: Callable[..., Any], dataset: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan.plugins import toolkit

    monkeypatch.setitem(toolkit.config, "solr_url", "http://127.0.0.1:9/solr/ckan")
    for path in ("/", "/dataset/", "/organization/", f"{API}/package_search"):
        assert "ETag" not in browse(path, status=None).headers, path


def test_what_is_wrong_or_elsewhere_has_no_version(
    browse: Callable[..., Any], dataset: dict[str, Any]
) -> None:
    assert "ETag" not in browse("/dataset/khong-co", status=None).headers
    assert "ETag" not in browse(f"{API}/package_show?id=khong-co", status=None).headers
    assert "ETag" not in browse(f"{API}/datastore_search?resource_id=x", status=None).headers


def test_without_its_triggers_nothing_is_promised(
    browse: Callable[..., Any], dataset: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.thanhhoa import page_versions

    monkeypatch.setattr(page_versions, "TRIGGERS", page_versions.TRIGGERS + 1)
    assert "ETag" not in browse("/dataset/").headers


def test_the_rows_stay_few(
    browse: Callable[..., Any], dataset: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import page_versions

    monkeypatch.setattr(page_versions, "MOST_ROWS", 4)
    with model.ensure_engine().begin() as connection:
        connection.execute(sa.text("TRUNCATE thanhhoa.change"))
    for _ in range(12):
        page_versions.note_change()
        browse("/about")
    with model.ensure_engine().connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM thanhhoa.change")) <= 6


def test_minutes_and_code_are_part_of_it(monkeypatch: pytest.MonkeyPatch, site: Any) -> None:
    from ckanext.thanhhoa import page_versions

    def tag(code: str, moment: float) -> str:
        monkeypatch.setattr(page_versions.time, "time", lambda: moment)
        return page_versions.Versions(code).tag({page_versions._ADDRESS: "/?"}, "1")

    tags = {tag("a", 0.0), tag("b", 0.0), tag("a", 299.0), tag("a", 301.0)}
    assert len(tags) == 3


def _change(what: str, dataset_id: str, agency_id: str) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import page_versions

    if what == "title":
        _api("package_patch", id=dataset_id, title=f"Đổi {uuid.uuid4().hex}")
    elif what == "resource":
        _api("resource_create", package_id=dataset_id, url="https://e.org/a.csv", name="Tệp")
    elif what == "tag":
        _api("package_patch", id=dataset_id, tags=[{"name": "mới"}])
    elif what == "agency":
        _api("organization_patch", id=agency_id, title=f"Sở {uuid.uuid4().hex}")
    elif what == "deletion":
        _api("package_delete", id=dataset_id)
    elif what == "view":
        made = _api("resource_create", package_id=dataset_id, url="https://e.org/a", name="Tệp")
        _api("resource_view_create", resource_id=made["id"], view_type="text_view", title="Xem")
    elif what == "setting":
        model.set_system_info("ckan.site_about", uuid.uuid4().hex)
        model.Session.commit()
    elif what == "table":
        page_versions._table_changed("datastore_upsert")
    else:
        with model.ensure_engine().begin() as connection:
            connection.execute(
                sa.text("UPDATE package SET notes = 'x' WHERE id = :id"), {"id": dataset_id}
            )


def _api(action: str, **values: Any) -> Any:
    from ckan.plugins import toolkit

    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return toolkit.get_action(action)({"ignore_auth": True, "user": user}, values)
