"""What a clerk or an API client writes: put in order, or refused in the reader's words."""

from __future__ import annotations

import unicodedata
import uuid
from typing import Any

import pytest


def test_a_dataset_without_a_name_gets_its_titles(agency: Any) -> None:
    mark = uuid.uuid4().hex[:8]
    first = _create(agency, title=f"Thủy sản {mark}")
    second = _create(agency, title=f"Thuỷ  sản {mark}")
    assert first["name"] == f"thuy-san-{mark}"
    assert second["name"].startswith(f"thuy-san-{mark}-")
    renamed = _api("package_patch", id=first["id"], name="ten-khac", title="Tên khác")
    assert (renamed["name"], renamed["title"]) == (first["name"], "Tên khác")


def test_text_is_composed_at_the_door(site: Any, agency: Any) -> None:
    text = "Đất đai ở Hạc Thành"
    apart = unicodedata.normalize("NFD", text)
    dataset = _create(
        agency, title=apart, notes=apart, contact=[{"name": apart}], tags=[{"name": apart}]
    )
    assert (dataset["title"], dataset["notes"], dataset["contact"][0]["name"]) == (text,) * 3
    assert [tag["name"] for tag in dataset["tags"]] == [text]
    eth = _api("package_patch", id=dataset["id"], title="\u00d0ất \u00f0ai")
    assert eth["title"] == "Đất đai"
    organization = _api("organization_patch", id=agency["id"], title=apart, description=apart)
    assert (organization["title"], organization["description"]) == (text, text)
    from ckan.tests import factories

    user = factories.User()
    changed = _api("user_patch", id=user["id"], fullname=apart, about=apart)
    assert (changed["fullname"], changed["about"]) == (text, text)


def test_codes_are_found_by_name_and_kept_as_codes(agency: Any) -> None:
    dataset = _create(
        agency, theme=["Đất đai, dân số", "02"], frequency="ANNUAL", access_rights="công khai"
    )
    assert dataset["theme"] == ["01", "02"]
    assert dataset["access_rights"] == "PUBLIC"


def test_periods_and_places_are_completed(agency: Any) -> None:
    dataset = _create(
        agency,
        temporal_coverage=[{"start_period": "20241", "end_period": "20242"}],
        spatial_coverage=[{"code": "38"}],
    )
    (period,), (place,) = dataset["temporal_coverage"], dataset["spatial_coverage"]
    assert (period["start"], period["end"]) == ("2024-01-01", "2024-06-30")
    assert place["text"] == "Tỉnh Thanh Hóa"


@pytest.mark.parametrize("access", ["NON_PUBLIC", "không công khai"])
def test_what_is_not_public_is_private_whatever_is_asked(agency: Any, access: str) -> None:
    dataset = _create(agency, access_rights=access, private=False)
    assert dataset["private"] is True
    patched = _api("package_patch", id=dataset["id"], private=False)
    assert patched["private"] is True
    opened = _api("package_patch", id=dataset["id"], access_rights="PUBLIC", private=False)
    assert opened["private"] is False


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"theme": ["không có lĩnh vực này"]}, "theme"),
        ({"frequency": "hằng giờ rưỡi"}, "frequency"),
        ({"access_rights": "bí mật"}, "access_rights"),
        ({"issued": "31/02/2024"}, "issued"),
        ({"url": "javascript:alert(1)"}, "url"),
        (
            {"temporal_coverage": [{"start_period": "2024", "end_period": "2011"}]},
            "temporal_coverage",
        ),
        ({"spatial_coverage": [{"code": "99999"}]}, "spatial_coverage"),
        ({"contact": [{"phone": "gọi tôi"}]}, "contact"),
        ({"title": " "}, "title"),
        ({"resources": [{"url": "data:text/html,<script>"}]}, "resources"),
        ({"resources": [{"url": "https://e.org", "table_schema": "{"}]}, "resources"),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(
    agency: Any, fields: dict[str, Any], place: str
) -> None:
    from ckan.logic import ValidationError

    with pytest.raises(ValidationError) as caught:
        _create(agency, **fields)
    assert list(caught.value.error_dict) == [place]


@pytest.mark.parametrize(("language", "word"), [("vi", "danh mục"), ("en", "codelist")])
def test_a_refusal_is_in_the_readers_language(
    agency: Any, site: Any, language: str, word: str
) -> None:
    from ckan.logic import ValidationError
    from ckanext.thanhhoa import helpers

    with site.flask_app.test_request_context(environ_overrides={"CKAN_LANG": language}):
        assert helpers.language() == language
        with pytest.raises(ValidationError) as caught:
            _create(agency, theme=["không có"])
    assert word in caught.value.error_dict["theme"][0]


def test_licences_are_the_codelists(site: Any) -> None:
    import schemas

    listed = _api("license_list")
    assert [licence["id"] for licence in listed] == [i.ma for i in schemas.codelist("licence")]
    open_ = {licence["id"] for licence in listed if licence["od_conformance"] == "approved"}
    assert "CC-BY-4.0" in open_
    assert "thanhhoa-terms" not in open_


def _api(action: str, **data: Any) -> Any:
    from ckan.plugins import toolkit

    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})
    return toolkit.get_action(action)({"user": user["name"], "ignore_auth": True}, data)


def _create(agency: Any, **fields: Any) -> dict[str, Any]:
    given = {"title": "Bộ dữ liệu", "access_rights": "PUBLIC", **fields}
    return _api("package_create", owner_org=agency["id"], **given)
