"""Suggestions while typing: which names a beginning may mean, and who is shown which dataset."""

import json
import unicodedata
import uuid
from typing import Any

import pytest
from ckanext.thanhhoa.suggestion_names import best, places, themes, typed_in


def named(text, most=3):
    typed = typed_in(text)
    return [] if typed is None else [name.label for name in best(places(), typed, most)]


@pytest.mark.parametrize(
    "typed",
    ["ham rong", "Hàm Rồng", "hàm ro", "phường hàm r", "hàm rong", "HAM RO", "ham  r", "p hàm rồ",
     unicodedata.normalize("NFD", "hàm rồ")],
)  # fmt: skip
def test_a_place_is_suggested_however_it_is_typed(typed):
    assert named(typed, 1) == ["Phường Hàm Rồng"]


def test_the_accents_typed_come_first():
    assert named("đông ti", 2)[0] == "Phường Đông Tiến"
    assert named("đồng ti", 2)[0] == "Xã Đồng Tiến"
    assert {"Phường Đông Tiến", "Xã Đồng Tiến"} <= set(named("dong ti", 8))


def test_y_and_i_are_one_vowel_in_names():
    assert [name.label for name in places() if " Mỹ" in name.label]
    for typed in ("mi tan", "mỹ tân", "mĩ t", "my t", "MY TÂ"):
        assert "Mỹ Tân" in " ".join(named(typed, 9)), typed
    assert not typed_in("ky thuat").accented
    assert not typed_in("hy").accented


def test_an_old_district_is_suggested_and_a_name_still_borne_once():
    assert named("huyện quảng x") == ["Huyện Quảng Xương"]
    assert named("bát mọt") == ["Xã Bát Mọt"]


def test_themes_have_other_names():
    assert [name.label for name in best(themes(), typed_in("xay du"), 1)] == ["Đầu tư và xây dựng"]


@pytest.mark.parametrize("text", ["", " ", "a", "?!", "\x00", "x" * 101, "từ " * 60])
def test_too_little_and_too_much_suggest_nothing(text):
    assert typed_in(text) is None


@pytest.fixture
def key() -> str:
    return f"k{uuid.uuid4().hex[:8]}"


@pytest.fixture
def create(with_plugins: None, app: Any, key: str) -> Any:
    from ckan.tests import factories, helpers

    def make(title: str, **fields: Any) -> dict[str, Any]:
        with app.flask_app.test_request_context():
            if "owner_org" not in fields:
                agency = factories.Organization(name=f"so-{uuid.uuid4().hex[:8]}")
                fields["owner_org"] = agency["id"]
            given = {"theme": ["08"], "access_rights": "PUBLIC", "frequency": "ANNUAL", **fields}
            context = {"user": helpers.call_action("get_site_user")["name"], "ignore_auth": True}
            name = f"d-{uuid.uuid4().hex[:12]}"
            return helpers.call_action(
                "package_create", context=context, title=title, name=name, **given
            )

    return make


def suggested(app: Any, q: str, kind: str = "dataset", **more: Any) -> list[str]:
    headers = more.pop("headers", {})
    answer = app.get(
        "/api/3/action/thanhhoa_search_suggest", query_string={"q": q, **more}, headers=headers
    )
    found = json.loads(answer.body)["result"]["suggestions"]
    return [one["label"] for one in found if one["type"] == kind]


@pytest.mark.parametrize(
    "typed",
    ["thuy san", "Thuỷ sản", "thủy san", "THỦY S", "thuy s", "nuôi thuy", "san nuoi",
     unicodedata.normalize("NFD", "thuỷ sả")],
)  # fmt: skip
def test_a_dataset_is_suggested_by_the_beginnings_of_its_words(app, create, key, typed):
    create(f"Thủy sản nuôi trồng {key}")
    assert suggested(app, f"{typed} {key[:6]}") == [f"Thủy sản nuôi trồng {key}"]
    assert suggested(app, f"{typed}x {key}") == []


@pytest.mark.parametrize(
    "typed", ["ki thuat", "ky thu", "kĩ thuật", "kỹ", "ki", "ky", "ti le", "tỉ lệ", "tỷ l", "hydr"]
)
def test_y_and_i_are_one_vowel_in_titles(app, create, key, typed):
    create(f"Công nhân kỹ thuật, tỷ lệ và hydrogen {key}")
    assert len(suggested(app, f"{typed} {key}")) == 1


def test_a_dataset_is_suggested_in_the_readers_language(app, create, key):
    create(f"Thủy sản {key}", title_en=f"Fishery {key}")
    create(f"Chăn nuôi {key}")

    def labels(path: str) -> set[str]:
        answer = app.get(f"{path}/api/3/action/thanhhoa_search_suggest", query_string={"q": key})
        return {one["label"] for one in json.loads(answer.body)["result"]["suggestions"]}

    assert labels("/en") == {f"Fishery {key}", f"Chăn nuôi {key}"}
    assert labels("/vi") == labels("") == {f"Thủy sản {key}", f"Chăn nuôi {key}"}


def test_the_accents_typed_decide_among_datasets(app, create, key):
    create(f"Hộ nghèo xã Đồng Tiến {key}")
    create(f"Hộ nghèo xã Đông Tiến {key}")
    assert suggested(app, f"{key} đông t")[0] == f"Hộ nghèo xã Đông Tiến {key}"
    assert suggested(app, f"{key} đồng t")[0] == f"Hộ nghèo xã Đồng Tiến {key}"
    assert len(suggested(app, f"{key} dong t")) == 2


def test_only_what_a_person_may_see_is_suggested(app, create, key):
    from ckan.tests import factories

    member, stranger, admin = (
        made(name=f"{who}-{key}", email=f"{who}-{key}@example.vn")
        for who, made in (
            ("m", factories.UserWithToken),
            ("s", factories.UserWithToken),
            ("a", factories.SysadminWithToken),
        )
    )
    agency = factories.Organization(
        name=f"so-{key}", users=[{"name": member["name"], "capacity": "member"}]
    )
    create(f"Kín {key}", owner_org=agency["id"], access_rights="NON_PUBLIC", private=True)
    create(f"Nháp {key}", owner_org=agency["id"], state="draft")
    create(f"Mở {key}", owner_org=agency["id"])

    def seen_by(user: dict[str, Any] | None) -> list[str]:
        headers = {"Authorization": user["token"]} if user else {}
        return sorted(title.split()[0] for title in suggested(app, key, headers=headers))

    assert seen_by(None) == ["Mở"]
    assert seen_by(stranger) == ["Mở"]
    assert seen_by(member) == ["Kín", "Mở"]
    assert seen_by(admin) == ["Kín", "Mở"]


def test_every_kind_leads_to_its_page(app, with_plugins):
    from ckan.tests import factories

    name = f"so-{uuid.uuid4().hex[:8]}"
    factories.Organization(name=name, title=f"Ban Quản trị {name}")
    from ckanext.thanhhoa import suggestions

    suggestions._agencies.clear()
    for q, kind in (("quan xuong", "place"), ("dan so", "theme"), (name, "agency")):
        answer = app.get("/api/3/action/thanhhoa_search_suggest", query_string={"q": q})
        found = json.loads(answer.body)["result"]["suggestions"]
        urls = [one["url"] for one in found if one["type"] == kind]
        assert urls or kind == "place"
        for url in urls:
            assert app.get(url).status_code == 200


def test_an_old_district_is_suggested_with_its_last_day(app, with_plugins):
    answer = app.get("/api/3/action/thanhhoa_search_suggest", query_string={"q": "quang xuong"})
    found = json.loads(answer.body)["result"]["suggestions"]
    place = next(one for one in found if one["label"] == "Huyện Quảng Xương")
    assert place["note"] == "đến 30/06/2025"


@pytest.mark.parametrize(
    "q",
    ["{!lucene}*:*", "title:*", "a b c d e f g h i j k l m n", "*:* OR", '"', "\\\\ab", "-xã hộ",
     "ab\x00cd", "x" * 5000, "\ud800ab", "_query_:ab"],
)  # fmt: skip
def test_nothing_typed_is_an_error(app, with_plugins, q):
    answer = app.post("/api/3/action/thanhhoa_search_suggest", json={"q": q})
    assert answer.status_code == 200


def test_a_limit_holds_and_must_be_a_number(app, create, key):
    for number in range(3):
        create(f"Bảng {number} {key}")
    assert len(suggested(app, key, limit=2)) == 2
    answer = app.get(
        "/api/3/action/thanhhoa_search_suggest",
        query_string={"q": key, "limit": "x"},
        status=409,
    )
    assert "Hãy nhập một số nguyên" in json.loads(answer.body)["error"]["limit"][0]


def test_without_solr_the_names_are_still_suggested(app, with_plugins, monkeypatch):
    import pysolr
    from ckan.lib.search import common

    class Dead:
        def search(self, *args: Any, **more: Any) -> None:
            raise pysolr.SolrError("Failed to connect to server at http://secret:8983/solr")

    monkeypatch.setattr(common, "make_connection", lambda **_: Dead())
    assert suggested(app, "hàm rồng", "place") == ["Phường Hàm Rồng"]
    assert suggested(app, "hàm rồng") == []
