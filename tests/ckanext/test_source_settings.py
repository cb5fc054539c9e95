"""What a source may be: every mistake is named when it is made."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from ckanext.thanhhoa.registration import read_config
from ckanext.thanhhoa.source_settings import checked

from harvesters.errors import HarvestError

GOOD: dict[str, Any] = {
    "name": "so-y-te",
    "type": "ckan",
    "url": "https://du-lieu.example.vn/api",
    "allow": ["du-lieu.example.vn:443"],
    "schedule": "daily",
    "config": {"guards": {"withdraw_at_most": 5}},
}


def refused(**values: Any) -> HarvestError:
    with pytest.raises(HarvestError) as caught:
        checked({**GOOD, **values})
    return caught.value


def test_a_good_source_comes_back_normalised() -> None:
    assert checked({**GOOD, "url": "  https://du-lieu.example.vn/api "}) == GOOD
    assert checked({**GOOD, "schedule": None})["schedule"] == "manual"


@pytest.mark.parametrize("name", ["", "Sở Y tế", "x" * 101, "../etc", "-so", ".an"])
def test_a_name_is_short_and_plain(name: str) -> None:
    assert refused(name=name).code == "bad_setting"


@pytest.mark.parametrize("name", ["X", "so-y-te", "Kho_2.1", "x" * 100])
def test_plain_names_are_taken_as_they_are(name: str) -> None:
    assert checked({**GOOD, "name": name})["name"] == name


def test_a_schedule_names_the_nearest() -> None:
    error = refused(schedule="dayly")
    assert error.problem.params["expected"] == "daily"


def test_an_unknown_type_names_the_nearest() -> None:
    error = refused(type="ckna")
    assert (error.code, error.problem.params["nearest"]) == ("unknown_source_type", "ckan")


def test_a_misspelt_setting_names_the_nearest() -> None:
    error = refused(config={"guard": {}})
    assert (error.code, error.problem.params["nearest"]) == ("unknown_setting", "guards")


@pytest.mark.parametrize("guards", [{"personal_data": "hodl"}, {"rows_at_least_share": "nan"}])
def test_a_misspelt_word_opens_no_guard(guards: dict[str, Any]) -> None:
    assert refused(config={"guards": guards}).code == "bad_setting"


def test_a_setting_of_the_type_is_checked_too() -> None:
    assert refused(config={"read": {"khong_co": 1}}).code == "unknown_setting"


def test_a_mapping_to_a_field_that_does_not_exist_is_refused() -> None:
    assert refused(config={"mapping": {"titel": "title"}}).code == "unknown_setting"


def test_a_password_in_the_address_is_refused_without_being_repeated() -> None:
    error = refused(url="https://ai-do:mat-khau@du-lieu.example.vn/")
    assert error.code == "secret_in_url"
    assert "mat-khau" not in str(error)


def test_a_key_in_the_address_is_refused_without_being_repeated() -> None:
    error = refused(url="https://du-lieu.example.vn/?nam=2025&apiKey=khoa-mat")
    assert (error.code, error.problem.params["key"]) == ("key_in_url", "apiKey")
    assert "khoa-mat" not in str(error)


@pytest.mark.parametrize("url", ["", "ftp://x/", "gopher://x", "https://", "so-y-te"])
def test_an_address_is_one_that_can_be_granted(url: str) -> None:
    assert refused(url=url).code in ("bad_setting", "host_not_granted")


@pytest.mark.parametrize("grant", ["*", "example.vn", "example.vn:0", "example.vn:99999", "tep"])
def test_a_grant_is_a_host_with_a_port_or_a_folder(grant: str) -> None:
    assert refused(allow=[grant]).code == "bad_setting"


@pytest.mark.parametrize("secret", ["mat-khau", "env:HOME", "file:../../etc/passwd", "env:PATH"])
def test_a_secret_is_given_by_reference_in_its_namespace_only(secret: str) -> None:
    error = refused(config={"auth": {"type": "api_key", "secret": secret}})
    assert error.code == "bad_secret_reference"
    assert secret not in str(error)


def test_yaml_is_read_with_its_accents() -> None:
    text = "mapping:\n  title: {const: Thủy sản}\n"
    assert read_config(text) == {"mapping": {"title": {"const": "Thủy sản"}}}
    assert read_config("") == {}


@pytest.mark.parametrize(
    "text",
    [
        "mapping: [",
        "- a\n- b",
        "a: &a [x, x]\nb: [*a, *a]",
        "!!python/object/apply:os.system ['true']",
        "[" * 5000,
    ],
)
def test_bad_or_dangerous_yaml_is_one_clear_error(text: str) -> None:
    with pytest.raises(HarvestError) as caught:
        read_config(text, "nguon.yaml")
    assert (caught.value.code, caught.value.problem.where) == ("bad_config_file", "nguon.yaml")
