"""The CSW source against a catalogue that behaves as the protocol says, and against bad ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.settings import Limits
from harvesters.sources._csw_protocol import CSW2, CSW3, SCHEMAS
from harvesters.sources.csw import SOURCE, Settings
from harvesters.tables.xml_document import attribute, child, descendants, parse_xml, text

GMD = SCHEMAS["iso19139"][0]
FAST = Limits(requests_per_second=0, retries=0)


@dataclass
class Catalogue:
    """A CSW over titles by identifier: filters, sorts and pages as the standard says."""

    titles: dict[str, str]
    version: str = "2.0.2"
    schemas: tuple[str, ...] = (GMD, CSW2)
    most: int = 100
    get: bool = True
    post: bool = True
    sorts: bool = True
    counts: bool = True
    ends_with: Callable[[int, int], int] = lambda after, matched: 0
    hidden: frozenset[str] = frozenset()
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        asked = self._asked(request)
        self.asked.append(asked)
        if asked.get("request") == "GetCapabilities":
            return _xml(self._capabilities())
        refusal = self._refusal(request, asked)
        return _xml(_exception(refusal) if refusal else self._page(asked))

    def _asked(self, request: Request) -> dict[str, str]:
        if request.method == "GET":
            return {key: value for key, value in request.args.items()}
        from harvesters.fetch.response import Response as Body

        root = parse_xml(Body("", request.get_data()))
        names = ("outputSchema", "startPosition", "maxRecords", "version")
        asked = {name: attribute(root, name) for name in names}
        limit = next(descendants(root, "CqlText"), None)
        sort = child(root, "Query/SortBy")
        return {
            **asked,
            "request": "GetRecords",
            **({"constraint": text(limit)} if limit is not None else {}),
            **({"sortBy": "dc:identifier:A"} if sort is not None else {}),
        }

    def _refusal(self, request: Request, asked: dict[str, str]) -> str:
        if not (self.get if request.method == "GET" else self.post):
            return "this operation is not supported by this method"
        if asked.get("outputSchema") not in self.schemas:
            return "outputSchema"
        if "sortBy" in asked and not self.sorts:
            return "SortBy is not supported"
        return ""

    def _page(self, asked: dict[str, str]) -> str:
        ids = list(self.titles)
        if "constraint" in asked:
            word = asked["constraint"].split("%")[1]
            ids = [id_ for id_ in ids if word in self.titles[id_]]
        if "sortBy" in asked:
            ids.sort()
        start = int(asked["startPosition"]) - 1
        rows = min(int(asked["maxRecords"]), self.most)
        shown = ids[start : start + rows]
        after = start + len(shown) + 1
        next_ = after if after <= len(ids) else self.ends_with(after, len(ids))
        matched = f'numberOfRecordsMatched="{len(ids)}" ' if self.counts else ""
        make = _iso if asked["outputSchema"] == GMD else _dc
        records = "".join(make(id_, self.titles[id_]) for id_ in shown if id_ not in self.hidden)
        csw = CSW2 if self.version == "2.0.2" else CSW3
        return (
            f'<c:GetRecordsResponse xmlns:c="{csw}" xmlns:dc="d" xmlns:gmd="{GMD}" xmlns:gco="g">'
            f'<c:SearchResults {matched}numberOfRecordsReturned="{len(shown)}" '
            f'nextRecord="{next_}">{records}</c:SearchResults></c:GetRecordsResponse>'
        )

    def _capabilities(self) -> str:
        csw = CSW2 if self.version == "2.0.2" else CSW3
        values = "".join(f"<o:Value>{s}</o:Value>" for s in self.schemas)
        return (
            f'<c:Capabilities xmlns:c="{csw}" xmlns:o="o" version="{self.version}">'
            "<o:ServiceIdentification><o:Title>Danh mục thử</o:Title></o:ServiceIdentification>"
            '<o:OperationsMetadata><o:Operation name="GetRecords"><o:Parameter name="OutputSchema">'
            f"{values}</o:Parameter></o:Operation></o:OperationsMetadata></c:Capabilities>"
        )


def _iso(id_: str, title: str) -> str:
    return (
        f"<gmd:MD_Metadata><gmd:fileIdentifier><gco:CharacterString>{id_}</gco:CharacterString>"
        "</gmd:fileIdentifier><gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation>"
        f"<gmd:CI_Citation><gmd:title><gco:CharacterString>{escape(title)}</gco:CharacterString>"
        "</gmd:title></gmd:CI_Citation></gmd:citation></gmd:MD_DataIdentification>"
        "</gmd:identificationInfo></gmd:MD_Metadata>"
    )


def _dc(id_: str, title: str) -> str:
    return (
        f"<c:Record><dc:identifier>{id_}</dc:identifier>"
        f"<dc:title>{escape(title)}</dc:title></c:Record>"
    )


def _exception(said: str) -> str:
    return (
        '<o:ExceptionReport xmlns:o="o"><o:Exception exceptionCode="NoApplicableCode">'
        f"<o:ExceptionText>{said}</o:ExceptionText></o:Exception></o:ExceptionReport>"
    )


def _xml(body: str, status: int = 200) -> Response:
    return Response(body.encode(), status=status, content_type="application/xml")


TITLES = {f"id-{n}": f"Bản đồ {n}" for n in (3, 1, 5, 2, 4)}
Read = Callable[..., list[Item]]


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as running:
        yield running


def _items(
    server: HTTPServer, answer: object, since: dict[str, str] | None = None, **settings: object
) -> list[Item]:
    for method in ("GET", "POST"):
        server.expect_request("/csw", method=method).respond_with_handler(answer)  # type: ignore[arg-type]
    url = str(settings.pop("url", server.url_for("/csw")))
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        return list(SOURCE.read(Settings(url, **settings), fetch, since or {}))  # type: ignore[arg-type]


def _ids(items: list[Item]) -> list[str]:
    return [item.remote_id for item in items if isinstance(item, Record)]


@pytest.mark.parametrize("rows", [1, 2, 5, 50])
def test_pages_of_any_size_in_order_of_the_identifiers(server: HTTPServer, rows: int) -> None:
    items = _items(server, Catalogue(dict(TITLES)), page_size=rows)
    assert _ids(items) == ["id-1", "id-2", "id-3", "id-4", "id-5"]
    assert items[-1] == End(True, 5)


@pytest.mark.parametrize(
    "catalogue",
    [
        Catalogue(dict(TITLES), most=2),
        Catalogue(dict(TITLES), most=2, ends_with=lambda after, matched: after),
        Catalogue(dict(TITLES), most=2, counts=False),
        Catalogue(dict(TITLES), most=2, version="3.0.0", schemas=(GMD, CSW3)),
        Catalogue(dict(TITLES), most=2, version="3.0.0", schemas=(CSW3,)),
        Catalogue(dict(TITLES), most=2, get=False),
        Catalogue(dict(TITLES), most=2, get=False, version="3.0.0", schemas=(CSW3,)),
        Catalogue(dict(TITLES), most=2, sorts=False),
        Catalogue(dict(TITLES), most=2, schemas=(CSW2,)),
    ],
    ids=["fewer", "next beyond", "no count", "3.0", "3.0 dc", "post", "3.0 post", "unsorted", "dc"],
)
def test_catalogues_of_all_manners_are_read_whole(server: HTTPServer, catalogue: Catalogue) -> None:
    items = _items(server, catalogue)
    assert sorted(_ids(items)) == sorted(TITLES)
    assert items[-1] == End(True, 5)


def test_the_source_s_own_address_and_its_parameters_are_kept(server: HTTPServer) -> None:
    catalogue = Catalogue(dict(TITLES))
    url = server.url_for("/csw") + "?map=/a.map&SERVICE=CSW&Request=GetCapabilities&version=2.0.2"
    assert _items(server, catalogue, url=url)[-1] == End(True, 5)
    assert {asked["map"] for asked in catalogue.asked} == {"/a.map"}
    assert "Request" not in catalogue.asked[1]


def test_a_filter_narrows_the_listing(server: HTTPServer) -> None:
    items = _items(server, Catalogue(dict(TITLES)), constraint="title like '%đồ 4%'")
    assert (_ids(items), items[-1]) == (["id-4"], End(True, 1))


def test_an_empty_catalogue_is_a_complete_listing_of_none(server: HTTPServer) -> None:
    assert _items(server, Catalogue({})) == [End(True, 0)]


def test_unchanged_records_are_told_by_their_marks(server: HTTPServer) -> None:
    catalogue = Catalogue(dict(TITLES))
    marks = {i.remote_id: i.mark for i in _items(server, catalogue) if isinstance(i, Record)}
    assert all(marks.values())
    catalogue.titles["id-2"] = "Bản đồ khác"
    again = _items(server, catalogue, marks)
    assert _ids(again) == ["id-2"]
    assert [i.remote_id for i in again if isinstance(i, Unchanged)] == [
        "id-1",
        "id-3",
        "id-4",
        "id-5",
    ]


def test_records_that_cannot_be_given_make_the_listing_incomplete(server: HTTPServer) -> None:
    catalogue = Catalogue(dict(TITLES), most=2, hidden=frozenset({"id-2"}))
    items = _items(server, catalogue)
    assert _ids(items) == ["id-1", "id-3", "id-4", "id-5"]
    end = items[-1]
    assert isinstance(end, End)
    assert (end.complete, end.expected, end.problem and end.problem.params["seen"]) == (
        False,
        5,
        "4",
    )


def test_the_same_page_for_ever(server: HTTPServer) -> None:
    catalogue = Catalogue(dict(TITLES), most=2)

    def stuck(request: Request) -> Response:
        request.args = {**request.args.to_dict(), "startPosition": "1"}  # type: ignore[misc,attr-defined]
        return catalogue(request)

    items = _items(server, stuck)
    assert _ids(items) == ["id-1", "id-2"]
    assert isinstance(items[-1], End)
    assert not items[-1].complete
    assert len(catalogue.asked) == 3


def test_a_catalogue_that_changes_while_it_is_read_is_walked_again(server: HTTPServer) -> None:
    catalogue = Catalogue(dict(TITLES), most=2)

    def growing(request: Request) -> Response:
        answer = catalogue(request)
        if len(catalogue.asked) == 2:
            catalogue.titles["id-0"] = "Bản đồ mới"
        return answer

    items = _items(server, growing)
    assert sorted(_ids(items)) == ["id-0", *sorted(TITLES)]
    assert len(_ids(items)) == 6
    assert items[-1] == End(True, 6)


def test_an_identifier_that_comes_twice_is_given_out_twice(server: HTTPServer) -> None:
    body = _page(_iso("a", "Một") + _iso("b", "Hai") + _iso("a", "Ba"), 3)
    items = _items(server, lambda request: _xml(_capable(request) or body))
    assert _ids(items) == ["a", "b", "a"]
    assert isinstance(items[-1], End)
    assert not items[-1].complete


def test_a_record_without_an_identifier_fails_alone(server: HTTPServer) -> None:
    body = _page(_iso("a", "Một") + _iso("", "Hai") + "<x:Foo xmlns:x='x'/>", 3)
    items = _items(server, lambda request: _xml(_capable(request) or body))
    assert [type(item) for item in items] == [Record, Failure, Failure, End]
    problems = [item.problem for item in items if isinstance(item, Failure)]
    assert [(p.record, p.params["detail"]) for p in problems] == [
        (None, "identifier"),
        (None, "Foo"),
    ]
    assert isinstance(items[-1], End)
    assert not items[-1].complete


def _page(records: str, matched: int) -> str:
    return (
        f'<c:GetRecordsResponse xmlns:c="{CSW2}" xmlns:gmd="{GMD}" xmlns:gco="g" xmlns:dc="d">'
        f'<c:SearchResults numberOfRecordsMatched="{matched}" nextRecord="0">{records}'
        "</c:SearchResults></c:GetRecordsResponse>"
    )


def _capable(request: Request) -> str:
    asked = request.args.get("request") == "GetCapabilities"
    return Catalogue({})._capabilities() if asked else ""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_exception("database is down"), "api_error"),
        (
            "<ServiceExceptionReport><ServiceException>x</ServiceException></ServiceExceptionReport>",
            "api_error",
        ),
        ("<response><info>No 'request' parameter found</info></response>", "api_error"),
        ("<c:GetRecordsResponse xmlns:c='c'/>", "unexpected_answer"),
        (_page(_iso("a", "Một"), 1)[:-30], "truncated"),
        ("", "truncated"),
        ("Error: Read timed out.", "not_xml"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "not_xml"),
        ("<html><title>Đăng nhập</title></html>", "html_instead_of_data"),
    ],
)
def test_what_is_no_page_of_records(server: HTTPServer, body: str, code: str) -> None:
    with pytest.raises(HarvestError) as error:
        _items(server, lambda request: _xml(_capable(request) or body))
    assert error.value.code == code


def test_a_later_page_that_fails_raises_after_what_came(server: HTTPServer) -> None:
    catalogue = Catalogue(dict(TITLES), most=2)

    def breaking(request: Request) -> Response:
        answer = catalogue(request)
        return _xml(_exception("gone")) if len(catalogue.asked) > 2 else answer

    server.expect_request("/csw").respond_with_handler(breaking)
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        items = SOURCE.read(Settings(server.url_for("/csw")), fetch, {})
        assert [next(items).remote_id for _ in range(2)] == ["id-1", "id-2"]  # type: ignore[union-attr]
        with pytest.raises(HarvestError, match="gone"):
            next(items)


def test_a_saved_request_is_read_as_a_file(server: HTTPServer) -> None:
    url = server.url_for("/csw") + "?service=CSW&request=GetRecordById&id=a"
    start = f'<c:GetRecordByIdResponse xmlns:c="{CSW2}" xmlns:gmd="{GMD}" xmlns:gco="g">'
    body = f"{start}{_iso('a', 'Một')}</c:GetRecordByIdResponse>"
    items = _items(server, lambda request: _xml(body), url=url)
    assert (_ids(items), items[-1]) == (["a"], End(True, 1))


def test_a_page_of_links_without_metadata_is_a_web_page(server: HTTPServer) -> None:
    body = '<html><body><a href="/dang-nhap">Đăng nhập</a></body></html>'
    with pytest.raises(HarvestError) as error:
        _items(server, lambda request: Response(body, content_type="text/html"))
    assert error.value.code == "html_instead_of_data"


def test_a_web_folder_that_is_cut_is_not_complete(server: HTTPServer) -> None:
    server.expect_request("/csw/a.xml").respond_with_data(
        _iso("a", "Một").replace(
            "<gmd:MD_Metadata>", f'<gmd:MD_Metadata xmlns:gmd="{GMD}" xmlns:gco="g">'
        )
    )
    body = '<html><body><a href="a.xml">a</a> <a href="b.x'
    server.expect_request("/csw/").respond_with_data(body, content_type="text/html")
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        items = list(SOURCE.read(Settings(server.url_for("/csw/")), fetch, {}))
    assert _ids(items) == ["a"]
    assert isinstance(items[-1], End)
    assert not items[-1].complete


def _probe(server: HTTPServer, answer: object, path: str = "/csw") -> object:
    for method in ("GET", "POST"):
        server.expect_request("/csw", method=method).respond_with_handler(answer)  # type: ignore[arg-type]
    with Fetcher(allow=(f"127.0.0.1:{server.port}",), limits=FAST) as fetch:
        return SOURCE.probe(server.url_for(path), fetch)


def test_probe_knows_a_catalogue_by_its_bare_address(server: HTTPServer) -> None:
    found = _probe(server, Catalogue(dict(TITLES)))
    assert found == type(found)("Danh mục thử", 5)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "body",
    [
        '{"success": true}',
        "<html><body>Xin chào</body></html>",
        "<WFS_Capabilities version='2.0.0'/>",
        _exception("no such service"),
        "",
    ],
)
def test_probe_says_no_to_others(server: HTTPServer, body: str) -> None:
    assert _probe(server, lambda request: _xml(body)) is None
