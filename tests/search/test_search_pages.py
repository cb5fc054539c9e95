"""The search page: results that say where they were found, filters, messages."""

import html
import json
import re
import time
import uuid
from typing import Any
from urllib.parse import unquote_plus

import pytest

from harvesters.mapping import table_schema
from harvesters.model import Column, RecordResource, Table

COLUMNS = {
    "fields": [
        {"name": "don_vi", "title": "Đơn vị", "type": "string"},
        {"name": "so_ca_mac", "title": "Số ca mắc sốt xuất huyết", "type": "number"},
    ]
}


@pytest.fixture
def key() -> str:
    """A word that no other dataset has."""
    return "k" + uuid.uuid4().hex[:8].translate(str.maketrans("0123456789", "ghijlmnpqr"))


@pytest.fixture
def create(with_plugins: None, app: Any) -> Any:
    """`create(title, …)`: a dataset of an agency of its own, found by its title."""
    from ckan.tests import factories, helpers

    def make(title: str, **fields: Any) -> dict[str, Any]:
        with app.flask_app.test_request_context():
            if "owner_org" not in fields:
                agency = factories.Organization(name=f"so-{uuid.uuid4().hex[:8]}", title="Sở Y tế")
                fields["owner_org"] = agency["id"]
            given = {"theme": ["15"], "access_rights": "PUBLIC", "frequency": "ANNUAL", **fields}
            user = helpers.call_action("get_site_user")["name"]
            made = helpers.call_action(
                "package_create",
                context={"user": user, "ignore_auth": True},
                title=title,
                name=f"d-{uuid.uuid4().hex[:12]}",
                **given,
            )
        _wait_until_searchable(made["id"])
        return made

    return make


def _wait_until_searchable(dataset_id: str) -> None:
    """A change waits a while for its indexing only, and for a Solr that just failed not at all."""
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import index
    from ckanext.thanhhoa.model import to_index

    still_to_do = sa.select(to_index.c.id).where(to_index.c.dataset_id == dataset_id)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        index.flush([dataset_id])
        with model.ensure_engine().connect() as connection:
            if connection.execute(still_to_do).first() is None:
                return
        time.sleep(0.2)
    pytest.fail(f"{dataset_id} is not in the index after two minutes")


def page(app: Any, path: str = "/dataset/", status: int = 200, **args: Any) -> str:
    answer = app.get(path, query_string=args, status=status)
    return re.sub(r"\s+", " ", html.unescape(answer.body.replace("&lt;", "‹")))


def test_what_was_found_is_marked(app, create, key):
    create(f"Bệnh truyền nhiễm {key}", notes="Số *giường* bệnh theo năm", tag_string="vắc xin")
    said = page(app, q=f"{key} benh truyen nhiem vac xin")
    assert f"<mark>Bệnh truyền nhiễm {key}</mark>" in said
    assert "Tìm thấy trong từ khóa: <mark>vắc xin</mark>" in said
    assert "Tìm thấy trong cột" not in next(
        part for part in said.split('class="dataset-item"') if f"nhiễm {key}" in part
    )


def test_a_result_says_in_which_column_it_was_found(app, create, key):
    create(
        f"Y tế dự phòng {key}",
        resources=[{"name": "Bảng", "url": "https://a.vn/a", "table_schema": json.dumps(COLUMNS)}],
    )
    said = page(app, q=f"sốt xuất huyết {key}")
    assert "Tìm thấy trong cột: Số ca mắc <mark>sốt xuất huyết</mark>" in said
    assert "Đơn vị</p>" not in said


def test_a_result_says_in_which_columns_values_it_was_found(app, create, key):
    schema = {
        "fields": [
            {
                "name": "nhom",
                "title": "Nhóm <b>nợ</b>",
                "constraints": {"enum": ["Bò sữa", "Trâu"]},
            },
            {"name": "ky", "title": "Kỳ", "categories": [{"value": "1", "label": "Trâu cày"}, 7]},
            {"name": "ho", "title": "Số hộ", "title_en": "Number of stables"},
        ]
    }
    create(
        f"Chăn nuôi {key}",
        resources=[{"name": "Bảng", "url": "https://a.vn/a", "table_schema": json.dumps(schema)}],
    )
    body = app.get("/dataset/", query_string={"q": f"bò sữa {key}"}).body
    assert "Nhóm <b>" not in body
    said = page(app, q=f"bò sữa {key}")
    assert "Tìm thấy trong giá trị của cột “Nhóm ‹b>nợ‹/b>”: <mark>Bò sữa</mark></p>" in said
    said = page(app, q=f"trâu cày {key}")
    assert "Tìm thấy trong giá trị của cột “Kỳ”: <mark>Trâu cày</mark></p>" in said
    assert "Tìm thấy trong cột: Number of <mark>stables</mark>" in page(app, q=f"stables {key}")
    said = page(app, "/en/dataset/", q=f"bò sữa {key}")
    assert "Found in the values of the column “Nhóm ‹b>nợ‹/b>”: <mark>Bò sữa</mark>" in said


def test_the_values_of_a_harvested_table_are_found(app, create, key):
    columns = (Column("nhom", "text", "Vật nuôi", role="dimension"), Column("so", "number", "Số"))
    table = Table(columns, (("Trâu", 1), ("Bò sữa", 2)))
    schema = table_schema(RecordResource("t", {}, table=table))
    made = create(
        f"Chăn nuôi {key}",
        resources=[{"name": "Bảng", "url": "https://a.vn/a", "table_schema": json.dumps(schema)}],
    )
    said = page(app, q="bò sữa", organization=made["organization"]["name"])
    assert "Tìm thấy trong giá trị của cột “Vật nuôi”: <mark>Bò sữa</mark></p>" in said


def test_an_old_name_is_found_in_the_place(app, create, key):
    create(f"Trạm y tế {key}", spatial_coverage=[{"code": "14758", "valid_on": "2026-01-01"}])
    said = page(app, q=f"trạm y tế hàm rồng {key}")
    assert "Tìm thấy trong địa bàn: Phường <mark>Hàm Rồng</mark>" in said


@pytest.mark.parametrize("q", ["script", "alert", "b", "mark"])
def test_no_text_of_a_dataset_becomes_markup(app, create, key, q):
    hostile = f"<script>alert(1)</script> <b>b</b> <mark>mark</mark> {key}"
    create(
        hostile,
        notes=hostile,
        tag_string="script-alert b",
        resources=[{"name": hostile, "url": "https://a.vn/a"}],
    )
    body = app.get("/dataset/", query_string={"q": f"{q} {key}"}).body
    listed = body[body.index("dataset-list") : body.index("</footer>")]
    assert key in listed
    for tag in ("<script>alert", "<b>b", "<mark>mark</mark></mark>"):
        assert tag not in listed


def test_without_a_query_nothing_is_marked(app, create, key):
    made = create(f"Bệnh truyền nhiễm {key}")
    assert "<mark>" not in page(app, organization=made["organization"]["name"])
    assert "<mark>" not in page(app, q=f"title:{key}")


def test_the_answer_of_the_action_has_no_marks(app, create, key):
    create(f"Bệnh truyền nhiễm {key}")
    answer = app.get("/api/3/action/package_search", query_string={"q": key})
    result = json.loads(answer.body)["result"]
    assert result["results"][0]["title"] == f"Bệnh truyền nhiễm {key}"
    assert set(result) == {"count", "facets", "results", "sort", "search_facets"}


def facet(said: str, title: str) -> dict[str, tuple[int, bool]]:
    """A facet of the page: label → (count, chosen)."""
    part = said[said.index(f"<h3>{title}</h3>") :]
    part = part[: part.index("</details>")]
    items = re.findall(r'<li( class="active")?>.*?<a [^>]*>([^<]*).*?class="n">([\d.]+)<', part)
    return {label.strip(): (int(count), bool(active)) for active, label, count in items}


@pytest.fixture
def shelf(create, key):
    """Five datasets of one agency: three of 2023 (two in theme 15, one in 14), two of 2024 (15)."""
    first = create(f"Bé {key}", theme=["15"], temporal_coverage=[{"start_period": "2023"}],
                   modified="2024-05-01")  # fmt: skip
    owner = first["owner_org"]
    for title, theme, year, modified in (
        ("Ăn", "15", "2023", "2025-01-01"),
        ("Âu", "14", "2023", "2023-01-01"),
        ("Đỗ", "15", "2024", "2022-01-01"),
        ("Dừa", "15", "2024", None),
    ):
        create(f"{title} {key}", theme=[theme], owner_org=owner, modified=modified or "",
               temporal_coverage=[{"start_period": year}])  # fmt: skip
    return first["organization"]["name"]


def titles(said: str) -> list[str]:
    found = re.findall(r'<h2 class="dataset-heading"> <a [^>]*>(.*?)</a>', said)
    return [re.sub("<[^>]*>", "", title).split()[0] for title in found]


@pytest.mark.parametrize("where", ["/dataset/", "agency"])
def test_values_of_one_facet_are_alternatives_and_keep_their_counts(app, shelf, key, where):
    path = f"/organization/{shelf}" if where == "agency" else where
    said = page(app, path, q=key, year="2023")
    assert facet(said, "Năm") == {"2024": (2, False), "2023": (3, True)}
    assert {count for count, _ in facet(said, "Lĩnh vực").values()} == {2, 1}
    assert len(titles(said)) == 3
    said = page(app, path, q=key, year=["2023", "2024"], theme="15")
    assert facet(said, "Năm") == {"2024": (2, True), "2023": (2, True)}
    assert sorted(facet(said, "Lĩnh vực").values()) == [(1, False), (4, True)]
    assert len(titles(said)) == 4


def test_a_chosen_value_without_results_can_be_taken_away_again(app, shelf, key):
    said = page(app, q=key, year="1999")
    assert facet(said, "Năm") == {"2024": (2, False), "2023": (3, False), "1999": (0, True)}
    assert "Năm:</span> 1999" in said


def test_results_are_sorted_by_the_alphabet_and_by_the_date_of_the_source(app, shelf, key):
    alphabet = page(app, q=key, sort="title_order asc")
    assert titles(alphabet) == ["Ăn", "Âu", "Bé", "Dừa", "Đỗ"]
    newest = page(app, q=key, sort="modified desc, metadata_modified desc")
    assert titles(newest) == ["Ăn", "Bé", "Âu", "Đỗ", "Dừa"]
    assert 'value="title_order asc" selected' in alphabet


@pytest.mark.parametrize(
    "value", ['"', '01" OR theme:"02', "\\", "a) OR (*:*", "{!lucene}x", "*", "[* TO *]"]
)
def test_a_filters_value_is_text_and_no_query(app, shelf, key, value):
    answer = app.get("/dataset/", query_string={"q": key, "theme": value})
    assert answer.status_code in (200, 400)
    assert 'class="result-count"' in answer.body
    assert "Không tìm thấy kết quả nào" in answer.body or answer.status_code == 400


FIELDS = ("organization", "theme", "place", "year", "res_format", "tags", "groups")


@pytest.mark.parametrize("where", ["/dataset/", "agency"])
@pytest.mark.parametrize("value", ["\0", "a\0b", "\u200b"])
def test_a_control_character_is_no_value_but_can_be_taken_away(app, shelf, key, where, value):
    path = f"/organization/{shelf}" if where == "agency" else where
    for field in FIELDS:
        said = page(app, path, **{"q": key, field: value})
        assert "Không tìm thấy kết quả nào" in said, field
        away = re.search(r'<ul class="chosen".*?<a href="([^"]*)"', said)[1]
        assert away == f"{path}?q={key}", field


@pytest.mark.parametrize("path", ["/dataset/", "/organization/", "/group/", "agency"])
def test_a_control_character_is_no_error_of_the_server(app, create, path):
    path = f"/organization/{create('x')['organization']['name']}" if path == "agency" else path
    for name in ("q", "sort", "page", "ext_a", "_organization_limit"):
        assert app.get(path, query_string={name: "a\0b"}).status_code in (200, 400), name


@pytest.mark.parametrize(
    "path",
    ["/dataset/%00", "/dataset/a%00b", "/dataset/a%00.ttl", "/organization/%00", "/group/a%00b",
     "/user/%00", "/dataset/activity/%00", "/feeds/organization/%00.atom", "/en/dataset/%00",
     "/feeds/tag/a%01b.atom", "/feeds/group/a%0bb.atom"],
)  # fmt: skip
def test_nothing_has_a_control_character_in_its_address(app, with_plugins, path):
    assert app.get(path).status_code == 404


@pytest.mark.parametrize("sort", [",", " ", "a,,b", "title_order asc,"])
def test_an_order_by_nothing_is_said_on_a_page(app, with_plugins, sort):
    answer = app.get("/dataset/", query_string={"sort": sort}, status=400)
    assert "Không hiểu câu tìm kiếm" in html.unescape(answer.body)


@pytest.mark.parametrize("path", ["/organization/", "/group/"])
def test_no_page_of_agencies_is_an_error_of_the_server(app, with_plugins, path):
    assert app.get(path, query_string={"page": "9" * 20}).status_code == 200


@pytest.mark.parametrize("path", ["/catalog.ttl", "/feeds/dataset.atom"])
def test_a_feed_that_cannot_be_asked_says_so(app, with_plugins, path):
    answer = app.get(path, query_string={"page": "9" * 20, "q": "a"}, status=400)
    assert "Không hiểu câu tìm kiếm" in html.unescape(answer.body)
    assert "solr" not in answer.body.lower()


@pytest.mark.parametrize("name", ["q", "tags", "sort", "x"])
@pytest.mark.parametrize("sign", ["\0", "\x01", "\uffff"])
def test_a_feed_is_not_asked_for_what_xml_cannot_hold(app, with_plugins, name, sign):
    answer = app.get("/feeds/custom.atom", query_string={name: f"a{sign}b"}, status=400)
    assert "Không hiểu câu tìm kiếm" in html.unescape(answer.body)


@pytest.mark.parametrize("action", ["package_show", "tag_show", "resource_show", "group_show"])
def test_the_api_says_that_no_id_has_the_character_nul(app, with_plugins, action):
    path = f"/api/3/action/{action}"
    for answer in (
        app.get(path, query_string={"id": "a\0b"}, status=400),
        app.post(path, json={"id": "\0"}, status=400),
    ):
        error = json.loads(answer.body)["error"]
        assert "NUL" in error["message"]
        assert "psycopg" not in answer.body


def test_a_list_that_is_asked_for_the_character_nul_says_so(app, with_plugins):
    path = "/api/2/util/tag/autocomplete"
    answer = app.get(path, query_string={"incomplete": "a\0b"}, status=400)
    assert "NUL" in html.unescape(answer.body)


def test_the_api_has_stocks_filters(app, shelf, key):
    asked = {"q": key, "fq": 'year:"2023" year:"2024"', "facet.field": '["year"]'}
    answer = app.get("/api/3/action/package_search", query_string=asked)
    assert json.loads(answer.body)["result"]["count"] == 0


def test_an_old_district_is_explained_and_leads_to_the_units_of_today(app, with_plugins):
    said = page(app, q="hộ nghèo huyện Hà Trung")
    note = said[said.index('class="place-notes"') :]
    note = note[: note.index("</aside>")]
    assert "<strong>Huyện Hà Trung</strong> (đến 30/06/2025): nay là" in note
    assert re.search(r'<a href="/dataset/\?place=\d+&q=[^"]+">Xã Hoạt Giang</a>', note)
    every = re.search(r'<a class="all" href="([^"]+)">Lọc theo cả 6 đơn vị</a>', note)
    assert every[1].count("place=") == 6


def test_a_page_without_an_old_place_has_no_note(app, with_plugins):
    assert 'class="place-notes"' not in page(app, q="hộ nghèo")
    assert 'class="place-notes"' not in page(app)
    assert 'class="place-notes"' not in page(app, q="title:quảng-xương")


def also(said: str) -> str:
    found = re.search(r'<p class="also-searched">(.*?)</p>', said)
    return re.sub("<[^>]*>", "", found[1]) if found else ""


def test_the_page_says_in_which_other_words_it_searched(app, with_plugins):
    said = page(app, q="Phòng GD&ĐT 2024", theme="01")
    assert also(said).startswith("Tìm cả: ")
    assert "giáo dục và đào tạo" in also(said)
    link = re.search(r'<a href="([^"]+)">giáo dục và đào tạo</a>', said)[1]
    assert unquote_plus(link).endswith("q=Phòng giáo dục và đào tạo 2024")
    assert "theme=01" in link
    assert "UBND" in also(page(app, q="ủy ban nhân dân"))
    assert also(page(app, "/en/dataset/", q="ubnd")).startswith("Also searched: ủy ban nhân dân")
    assert len(also(page(app, q="gia dinh ubnd hdnd benh vien truong hoc")).split(", ")) <= 6


def test_between_signs_other_words_are_named_without_a_link(app, with_plugins):
    said = page(app, q='+ubnd "tài chính"')
    assert "ủy ban nhân dân" in also(said)
    assert "ủy ban nhân dân</a>" not in said


@pytest.mark.parametrize("q", ["", "zzzz", "title:ubnd", "title:(", "từ " * 4000, "<b>x</b>"])
def test_where_nothing_else_was_searched_nothing_is_said(app, with_plugins, q):
    answer = app.get("/dataset/", query_string={"q": q})
    assert "also-searched" not in answer.body


def test_what_is_named_as_also_searched_is_text(app, with_plugins):
    body = app.get("/dataset/", query_string={"q": "<script>alert(1)</script> ubnd"}).body
    assert "also-searched" in body
    assert "<script>alert" not in body


@pytest.fixture
def words(monkeypatch):
    """`words("Thủy sản", …)`: the texts that the catalogue's vocabulary is made of."""
    from ckanext.thanhhoa import search_words
    from ckanext.thanhhoa.search_vocabulary import Vocabulary, words_of_document

    def set_words(*texts: str) -> None:
        counts = dict.fromkeys(words_of_document(texts), 9)
        monkeypatch.setattr(search_words, "current", lambda: Vocabulary(counts))

    return set_words


def test_accents_are_offered_with_the_filters_kept(app, create, words, key):
    made = create(f"Trạm thú y {key}")
    words("trạm thú y")
    said = page(app, q="tram thu y", theme="15", organization=made["organization"]["name"])
    offered = re.search(r'Bạn có muốn tìm: <a href="([^"]+)"><strong>trạm thú y</strong>', said)
    assert "theme=15" in offered[1]
    assert "Bạn có muốn tìm" not in page(app, q="trạm thú y")


def test_an_offered_spelling_is_text_and_no_markup(app, words, with_plugins):
    words("b bệnh viện")
    said = page(app, q="<b> benh vien")
    assert "<b>" not in said
    assert "<strong>b bệnh viện" in said


def test_an_empty_result_shows_what_another_spelling_finds(app, create, words, key):
    create(f"Bệnh viện {key}")
    words(f"bệnh viện {key}")
    said = page(app, q=f"viêjn{key}x", theme="01")
    assert "Không tìm thấy kết quả nào" in said
    words(key)
    said = page(app, q=f"{key}x")
    assert f"Kết quả cho “{key}”" in said
    assert titles(said) == ["Bệnh"]
    assert f"<mark>{key}</mark>" in said


def test_an_empty_result_shows_what_is_found_without_the_filters(app, create, words, key):
    create(f"Bệnh viện {key}", theme=["15"])
    words("khác")
    said = page(app, q=key, theme="01")
    assert "Kết quả khi bỏ các điều kiện lọc" in said
    assert titles(said) == ["Bệnh"]
    for step in ("Tìm lại, bỏ các điều kiện lọc", "Hãy dùng ít từ hơn", "Hỏi cơ quan giữ số liệu"):
        assert step in said


def test_an_empty_result_names_themes_that_share_a_word(app, words, with_plugins):
    words("khác")
    said = page(app, q="zzzzqqqq giá cả", theme="01", year="1900")
    assert "Xem lĩnh vực “Giá cả”" in said


def test_near_results_are_called_so(app, create, words, key):
    create(f"Bệnh viện {key}")
    words("khác")
    said = page(app, q=f"{key} qqqq")
    assert f"Không có kết quả khớp hoàn toàn với “{key} qqqq”; có" in said
    assert titles(said)[0] == "Bệnh"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"q": "từ " * 4000}, "Câu tìm kiếm quá dài (nhiều nhất 500 ký tự"),
        ({"q": "title:("}, "Không hiểu câu tìm kiếm"),
        ({"q": "{!lucene}x"}, "Không hiểu câu tìm kiếm"),
        ({"q": "a", "sort": "khong_co desc, x"}, "Không hiểu câu tìm kiếm"),
        ({"q": "a", "theme": "{!x}"}, "Không hiểu câu tìm kiếm"),
    ],
    ids=["long", "syntax", "local parameters", "sort", "filter"],
)
@pytest.mark.parametrize("where", ["/dataset/", "agency"])
def test_what_cannot_be_asked_is_said_on_the_page(app, create, where, args, says):
    path = where if where == "/dataset/" else f"/organization/{create('x')['owner_org']}"
    answer = app.get(path, query_string=args, follow_redirects=True)
    assert answer.status_code == 400
    body = html.unescape(answer.body)
    assert says in body
    assert "solr" not in body.lower()
    assert "too long" not in body
    assert 'id="field-giant-search"' in body


@pytest.mark.parametrize("number", ["0", "-1", "x", "999", "99999999999999999999"])
def test_no_page_number_is_an_error_of_the_server(app, create, key, number):
    create(f"Bệnh viện {key}")
    answer = app.get("/dataset/", query_string={"q": key, "page": number})
    assert answer.status_code in (200, 400, 404)


def test_a_page_after_the_last_leads_back(app, create, key):
    create(f"Bệnh viện {key}")
    said = page(app, q=key, page="7")
    assert "Không còn kết quả ở trang này." in said
