"""Every codelist keeps the province's form; the crosswalks are total; names find their items."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import schemas
from schemas.reference_list import EXPIRED, PENDING, Codelist, names_of, read_codelist
from schemas.text import fold, nfc, slug

ALL = schemas.codelist_names()
#: Names of places repeat; `schemas.admin_units` looks them up.
NAMED_ONCE = [name for name in ALL if name != "admin_unit"]
EU = "http://publications.europa.eu/resource/authority/"
DATA_THEMES = {
    *("AGRI", "ECON", "EDUC", "ENER", "ENVI", "GOVE", "HEAL"),
    *("INTR", "JUST", "REGI", "SOCI", "TECH", "TRAN"),
}


@pytest.fixture(params=ALL)
def codelist(request: pytest.FixtureRequest) -> Codelist:
    return schemas.codelist(request.param)


def test_the_lists_are_there() -> None:
    assert set(ALL) >= {
        *("access_class", "admin_unit", "agency", "agency_level", "format", "frequency"),
        *("indicator", "language", "legal_basis", "licence", "theme"),
    }
    with pytest.raises(KeyError):
        schemas.codelist("no_such_list")


def test_code_and_date_name_one_item(codelist: Codelist) -> None:
    for item in codelist:
        days = [item.ngay_hl or date.min, item.ngay_hhl or date.max]
        assert days == sorted(days), item
        for day in days:
            assert [i for i in codelist if i.ma == item.ma and i.valid_on(day)] == [item]


def test_items_are_whole_and_in_order(codelist: Codelist) -> None:
    orders = [item.thu_tu for item in codelist]
    assert orders == sorted(set(orders))
    for item in codelist:
        assert item.ten_en, item
        assert item.ten == nfc(item.ten).strip()
        assert codelist.name == "agency" or not item.ma_cha or codelist.get(item.ma_cha), item
        assert item.ngay_hhl is None or item.trang_thai == EXPIRED, item


def test_everything_an_item_is_called_finds_it_typed_anyhow() -> None:
    for name in NAMED_ONCE:
        codelist = schemas.codelist(name)
        for item in codelist:
            for called in names_of(item):
                assert codelist.find(called) is item, (name, called)
                assert codelist.find(fold(called)) is item, (name, called)
                assert codelist.find(f" {called.upper()} ") is item, (name, called)


def test_what_is_unknown_or_ambiguous_is_not_guessed() -> None:
    assert schemas.codelist("theme").find("Ẩm thực") is None
    assert schemas.codelist("theme").find("") is None
    assert schemas.codelist("admin_unit").find("Xã Phú Sơn") is None


def test_a_code_is_looked_up_with_its_date() -> None:
    units = schemas.codelist("admin_unit")
    old, new = units.get("14758", date(2025, 6, 30)), units.get("14758", date(2025, 7, 1))
    assert old is not None
    assert new is not None
    assert (old.ten, new.ten) == ("Phường Đông Thọ", "Phường Hàm Rồng")
    assert units.get("14758") is new
    assert units.get("99999") is None


def test_the_twenty_themes_reach_the_eu_themes() -> None:
    themes = schemas.codelist("theme")
    assert [item.ma for item in themes] == [f"{n:02}" for n in range(1, 21)]
    for item in themes:
        assert item.extra["eu"], item
        assert set(item.extra["eu"]) <= DATA_THEMES, item


@pytest.mark.parametrize(
    ("name", "authority"),
    [("frequency", "frequency/"), ("access_class", "access-right/")],
)
def test_every_code_is_the_eu_code(name: str, authority: str) -> None:
    for item in schemas.codelist(name):
        assert item.extra["uri"] == EU + authority + item.ma
        assert schemas.codelist(name).find(item.extra["uri"]) is item


@pytest.mark.parametrize(
    ("said", "code"),
    [
        *(("Hàng năm", "ANNUAL"), ("hằng năm", "ANNUAL"), ("NĂM", "ANNUAL"), ("Quý", "QUARTERLY")),
        *(("hang thang", "MONTHLY"), ("R/P1Y", "ANNUAL"), ("6 tháng", "ANNUAL_2")),
    ],
)
def test_reporting_words_mean_a_frequency(said: str, code: str) -> None:
    item = schemas.codelist("frequency").find(said)
    assert item is not None
    assert item.ma == code


def test_the_access_classes_are_the_three_of_the_law() -> None:
    classes = {item.ma: item.ten for item in schemas.codelist("access_class")}
    assert classes == {
        "PUBLIC": "Công khai",
        "RESTRICTED": "Công khai có điều kiện",
        "NON_PUBLIC": "Không công khai",
    }
    assert all(item.extra["mo_ta_en"] for item in schemas.codelist("access_class"))


def test_repealed_articles_say_so_and_by_what() -> None:
    acts = schemas.codelist("legal_basis")
    expired = [item for item in acts if item.trang_thai == EXPIRED]
    assert {item.ma for item in expired} == {"47/2020/NĐ-CP", "42/2022/NĐ-CP"}
    assert all(acts.get(item.extra["thay_the_boi"]) for item in expired)


@pytest.mark.parametrize("name", ["legal_basis", "agency", "indicator", "admin_unit", "theme"])
def test_facts_say_how_sure_they_are(name: str) -> None:
    for item in schemas.codelist(name):
        assert item.extra["chac"] in ("V", "V2", "R"), item
        if name == "legal_basis" and item.extra["chac"] != "V":
            assert item.trang_thai in (PENDING, EXPIRED), item


def test_agencies_are_called_in_addresses_as_the_portal_folds_them() -> None:
    agencies = schemas.codelist("agency")
    for item in agencies:
        assert item.ma == slug(item.ma)
        assert schemas.codelist("agency_level").get(item.extra["cap"]), item
        assert not item.ma_cha or agencies.get(item.ma_cha), item
    assert [i.ma for i in agencies if "ma_dinh_danh" in i.extra] == ["ubnd-tinh-thanh-hoa"]


def test_indicators_have_a_unit_and_a_theme() -> None:
    for item in schemas.codelist("indicator"):
        assert item.extra["don_vi"]
        assert item.extra["don_vi_en"]
        assert schemas.codelist("theme").get(item.extra["linh_vuc"])
        for key in ("cong_thuc", "quy_tac"):
            assert (key in item.extra) == (f"{key}_en" in item.extra), item


def test_every_licence_of_ckan_has_a_place() -> None:
    licences = schemas.codelist("licence")
    ckan_ids = (
        "notspecified odc-pddl odc-odbl odc-by cc-zero cc-by cc-by-sa gfdl other-open other-pd "
        "other-at uk-ogl cc-nc other-nc other-closed"
    )
    for ckan_id in ckan_ids.split():
        assert licences.find(ckan_id), ckan_id
    for item in licences:
        assert isinstance(item.extra["open"], bool), item
        assert not item.extra.get("url") or item.extra["url"].startswith("https://"), item
    attribution = licences.get("CC-BY-4.0")
    assert attribution is not None
    assert attribution.extra["open"]
    assert licences.find("https://creativecommons.org/licenses/by/4.0/") is attribution


def test_the_terms_of_the_province_are_marked_as_a_draft() -> None:
    draft = schemas.codelist("licence").get("thanhhoa-terms")
    assert draft is not None
    assert draft.trang_thai == PENDING
    assert not draft.extra["open"]
    assert draft.extra["noi_dung"].count("\n") == draft.extra["noi_dung_en"].count("\n") > 5


def test_choices_are_bilingual_and_put_expired_ones_last() -> None:
    choices = schemas.codelist("legal_basis").choices()
    assert len(choices) == len(schemas.codelist("legal_basis").items)
    states = [choice["state"] == EXPIRED for choice in choices]
    assert states == sorted(states)
    assert choices[-1]["label"]["vi"].endswith(" (hết hiệu lực)")
    assert choices[-1]["label"]["en"].endswith(" (no longer in force)")
    assert choices[0]["label"]["vi"] == "Luật Giao dịch điện tử số 20/2023/QH15"


HEAD = "ten: A\nten_en: A\nnguon: A\nitems:\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "- {ma: 01, ten: A}", "ma and ten must be text"),
        (HEAD + "- {ma: a, ten: ''}", "ma and ten must be text"),
        (HEAD + "- {ma: a}", "item 1 (a)"),
        (HEAD + "- {ma: a, ten: A, trang_thai: maybe}", "'maybe' is none of"),
        (HEAD + "- {ma: a, ten: A, ngay_hl: 30/6/2025}", "item 1 (a)"),
        ("ten: A\nten_en: A\nitems: []", "lacks nguon"),
    ],
)
def test_a_list_that_breaks_the_form_is_refused_by_name(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine\.yaml") as refused:
        read_codelist(path)
    assert said in str(refused.value)


def test_the_province_may_keep_a_list_of_its_own(tmp_path: Path) -> None:
    own = HEAD + "- {ma: terms-2027, ten: Điều khoản mới, ten_en: New terms}"
    (tmp_path / "licence.yaml").write_text(own, encoding="utf-8")
    code = (
        "import schemas; print(schemas.VERSION, *(i.ma for i in schemas.codelist('licence')),"
        " len(schemas.codelist('theme').items))"
    )
    environment = {**os.environ, schemas.OWN_CODELISTS: str(tmp_path)}
    home = Path(schemas.__file__).parents[1]
    run = [sys.executable, "-c", code]
    said = subprocess.run(
        run, env=environment, cwd=home, capture_output=True, text=True, check=True
    )
    version, *rest = said.stdout.split()
    assert rest == ["terms-2027", "20"]
    assert version != schemas.VERSION


def test_the_version_is_that_of_the_content() -> None:
    code = "import schemas; print(schemas.VERSION)"
    home = Path(schemas.__file__).parents[1]
    run = [sys.executable, "-c", code]
    said = subprocess.run(run, cwd=home, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == schemas.VERSION
    assert len(schemas.VERSION) == 64


def test_a_media_type_is_that_of_one_format_only() -> None:
    """JSON-stat has none of its own; what only says JSON finds JSON by its other name."""
    said: dict[str, list[str]] = {}
    for item in schemas.codelist("format"):
        if kind := item.extra.get("kieu_noi_dung"):
            said.setdefault(str(kind), []).append(item.ma)
    shared = {kind: codes for kind, codes in said.items() if len(codes) > 1}
    assert shared == {"application/json": ["JSON-stat", "JSON"]}
