"""SOAP services: a small real one that reads its envelopes, described by a WSDL or by settings."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import End, Item, Record
from harvesters.registry import settings_of
from harvesters.settings import Limits
from harvesters.sources.soap import SOURCE, probe

QUICK = Limits(deadline=10, timeout=3, retries=0, requests_per_second=0)
NS = "http://thongke.example/danhmuc"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
UNITS = [
    ("14758", "Phường Hàm Rồng", 63166),
    ("14797", "Phường Hạc Thành", None),
    ("14812", "P", 5),
]
TYPES = """<xs:schema targetNamespace="{ns}" elementFormDefault="qualified">{more}
  <xs:element name="DanhSach"><xs:complexType><xs:sequence>
    <xs:element name="maTinh" type="xs:string"/>
    <xs:element name="trang" type="xs:int" minOccurs="0"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="DanhSachResponse"><xs:complexType/></xs:element>
</xs:schema>"""
WSDL = """<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions name="DanhMuc" targetNamespace="{ns}" xmlns:tns="{ns}"
  xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:s11="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/">
 <wsdl:types>{types}</wsdl:types>
 <wsdl:message name="In"><wsdl:part name="parameters" element="tns:DanhSach"/></wsdl:message>
 <wsdl:message name="Out"><wsdl:part name="p" element="tns:DanhSachResponse"/></wsdl:message>
 <wsdl:portType name="Cong"><wsdl:operation name="DanhSach">
  <wsdl:input message="tns:In"/><wsdl:output message="tns:Out"/></wsdl:operation></wsdl:portType>
 <wsdl:binding name="B11" type="tns:Cong">
  <s11:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>
  <wsdl:operation name="DanhSach"><s11:operation soapAction="{ns}/DanhSach"/>
   <wsdl:input><s11:body use="literal"/></wsdl:input>
   <wsdl:output><s11:body use="literal"/></wsdl:output></wsdl:operation></wsdl:binding>
 <wsdl:binding name="B12" type="tns:Cong">
  <s12:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>
  <wsdl:operation name="DanhSach"><s12:operation soapAction="{ns}/DanhSach"/>
   <wsdl:input><s12:body use="literal"/></wsdl:input>
   <wsdl:output><s12:body use="literal"/></wsdl:output></wsdl:operation></wsdl:binding>
 <wsdl:service name="DanhMuc">
  <wsdl:port name="P11" binding="tns:B11"><s11:address location="http://may-noi-bo/dm"/></wsdl:port>
  <wsdl:port name="P12" binding="tns:B12"><s12:address location="http://may-noi-bo/dm"/></wsdl:port>
 </wsdl:service>
</wsdl:definitions>"""


class Service:
    """Answers `DanhSach` two units a page, and keeps what it was sent."""

    def __init__(self, httpserver: HTTPServer):
        self.server = httpserver
        self.requests: list[Request] = []
        self.url = httpserver.url_for("/dm.asmx")
        self.inner: str | None = None
        self.types = TYPES.format(ns=NS, more="")
        httpserver.expect_request("/dm.asmx", method="POST").respond_with_handler(self.called)
        httpserver.expect_request(
            "/dm.asmx", method="GET", query_string="wsdl"
        ).respond_with_handler(self.described)

    def described(self, request: Request) -> Response:
        return Response(WSDL.format(ns=NS, types=self.types), content_type="text/xml")

    def called(self, request: Request) -> Response:
        self.requests.append(request)
        root = ElementTree.fromstring(request.data)
        soap = SOAP12 if "soap+xml" in request.headers["Content-Type"] else SOAP11
        call = root.find(f"{{{soap}}}Body/{{{NS}}}DanhSach")
        if call is None:
            return self.fault("Không hiểu yêu cầu", 500, soap)
        if call.findtext(f"{{{NS}}}maTinh") != "38":
            return self.fault("Mã tỉnh không đúng", 200, soap)
        page = int(call.findtext(f"{{{NS}}}trang") or 1)
        rows = "".join(
            f"<DonVi ma='{code}'><Ten>{name}</Ten>"
            + ("<DanSo xsi:nil='true'/>" if people is None else f"<DanSo>{people}</DanSo>")
            + "</DonVi>"
            for code, name, people in UNITS[(page - 1) * 2 : page * 2]
        )
        result = self.inner or f"<TongSo>{len(UNITS)}</TongSo>{rows}"
        return self.said(
            f"<DanhSachResponse xmlns='{NS}'><Ket>{result}</Ket></DanhSachResponse>", soap
        )

    def said(self, body: str, soap: str, status: int = 200) -> Response:
        text = (
            f"<?xml version='1.0' encoding='utf-8'?><s:Envelope xmlns:s='{soap}'"
            f" xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><s:Body>{body}</s:Body></s:Envelope>"
        )
        return Response(text, status, content_type="text/xml; charset=utf-8")

    def fault(self, sentence: str, status: int, soap: str) -> Response:
        inner = (
            f"<faultcode>s:Client</faultcode><faultstring>{sentence}</faultstring>"
            if soap == SOAP11
            else f"<s:Reason><s:Text xml:lang='vi'>{sentence}</s:Text></s:Reason>"
        )
        return self.said(f"<s:Fault>{inner}</s:Fault>", soap, status)

    def read(self, url: str = "", **config: Any) -> list[Item]:
        config = {"records": "DanhSachResponse.Ket.DonVi", "id": "@ma", **config}
        settings = settings_of("soap", url or self.url, config)
        with Fetcher([f"127.0.0.1:{self.server.port}"], QUICK) as fetch:
            return list(SOURCE.read(settings, fetch, {}))


@pytest.fixture
def service(httpserver: HTTPServer) -> Service:
    return Service(httpserver)


BY_HAND = {"operation": "DanhSach", "namespace": NS, "parameters": {"maTinh": 38}}
PAGES = {"style": "page", "page": "trang", "total": "DanhSachResponse.Ket.TongSo"}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_an_operation_without_a_wsdl(service: Service, version: str):
    items = service.read(**BY_HAND, paging=PAGES, version=version)
    records = [item for item in items if isinstance(item, Record)]
    assert [record.remote_id for record in records] == ["14758", "14797", "14812"]
    assert records[0].fields == {"@ma": "14758", "Ten": "Phường Hàm Rồng", "DanSo": "63166"}
    assert records[1].fields["DanSo"] is None
    assert items[-1] == End(True, 3)
    headers = service.requests[0].headers
    if version == "1.1":
        assert headers["SOAPAction"] == f'"{NS}/DanhSach"'
    else:
        assert f'action="{NS}/DanhSach"' in headers["Content-Type"]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_an_operation_by_its_wsdl_asks_at_the_address_that_was_granted(
    service: Service, version: str
):
    items = service.read(
        f"{service.url}?wsdl",
        operation="DanhSach",
        # The mapping comes back from the database in another order than it was written in.
        parameters={"trang": 1, "maTinh": "38"},
        paging=PAGES,
        version=version,
    )
    assert items[-1] == End(True, 3)
    call = ElementTree.fromstring(service.requests[0].data).find(f".//{{{NS}}}DanhSach")
    assert [element.tag.rpartition("}")[2] for element in call] == ["maTinh", "trang"]
    assert ("soap+xml" in service.requests[0].headers["Content-Type"]) == (version == "1.2")


@pytest.mark.parametrize("more", [{"wsdl": True}, {}])
def test_a_fault_is_told_in_its_own_words(service: Service, more: Any):
    config = {**BY_HAND, "parameters": {"maTinh": "01"}}
    url = f"{service.url}?wsdl" if more else ""
    for version in ("1.1", "1.2"):
        with pytest.raises(HarvestError) as caught:
            service.read(url, **config, version=version)
        assert caught.value.code == "api_error"
        assert caught.value.problem.params["detail"] == "Mã tỉnh không đúng"


def test_a_fault_with_status_500_is_told_too(service: Service):
    with pytest.raises(HarvestError) as caught:
        service.read(**{**BY_HAND, "namespace": "http://khac.example"})
    detail = caught.value.problem.params["detail"]
    assert detail == "HTTP 500 Internal Server Error: Không hiểu yêu cầu"


@pytest.mark.parametrize(
    ("config", "key", "hint"),
    [
        ({"operation": "DanhSac"}, "read.operation", "DanhSach"),
        ({"parameters": {"maTinh": "38", "maXa": 1}}, "read.parameters", "maTinh"),
        ({"parameters": {"maTinh": None, "trang": "x"}}, "read.parameters", "maTinh"),
    ],
)
def test_what_the_wsdl_does_not_know_is_said_with_what_it_knows(
    service: Service, config: Any, key: str, hint: str
):
    with pytest.raises(HarvestError) as caught:
        service.read(f"{service.url}?wsdl", **{**BY_HAND, **config})
    params = caught.value.problem.params
    assert (caught.value.code, params["key"]) == ("bad_setting", key)
    assert hint in params["expected"]
    assert service.requests == []


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("http://127.0.0.1:1/khac.xsd", "host_not_granted"),
        ("file:///etc/passwd", "host_not_granted"),
    ],
)
def test_a_schema_elsewhere_needs_its_own_grant(service: Service, place: str, code: str):
    more = f'<xs:import namespace="http://khac" schemaLocation="{place}"/>'
    service.types = TYPES.format(ns=NS, more=more)
    with pytest.raises(HarvestError) as caught:
        service.read(f"{service.url}?wsdl", **BY_HAND)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("wsdl", "code"),
    [
        ("<html>Đăng nhập</html>", "html_instead_of_data"),
        ("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "not_xml"),
        ("<wsdl:definitions xmlns:wsdl='http://schemas.xmlsoap.org/wsdl/'/>", "unexpected_answer"),
        ("<a/>", "unexpected_answer"),
        ("<a>", "truncated"),
    ],
)
def test_what_is_no_wsdl(httpserver: HTTPServer, wsdl: str, code: str):
    httpserver.expect_request("/x").respond_with_data(wsdl)
    settings = settings_of("soap", httpserver.url_for("/x?wsdl"), {"operation": "A"})
    allow = [f"127.0.0.1:{httpserver.port}"]
    with Fetcher(allow, QUICK) as fetch, pytest.raises(HarvestError) as caught:
        list(SOURCE.read(settings, fetch, {}))
    assert caught.value.code == code


def test_a_document_inside_the_answer(service: Service):
    service.inner = '{"ds": [{"ma": 1, "ten": "A"}], "tong": 1}'
    config = {**BY_HAND, "inner": "DanhSachResponse.Ket", "paging": {"total": "tong"}}
    items = service.read(**config, records="ds", id="ma")
    assert items == [Record("1", {"ma": 1, "ten": "A"}, (), ""), End(True, 1)]
    service.inner = "&lt;Goc&gt;&lt;D&gt;&lt;ma&gt;7&lt;/ma&gt;&lt;/D&gt;&lt;/Goc&gt;"
    items = service.read(**{**config, "paging": {}}, records="Goc.D", id="ma")
    assert items == [Record("7", {"ma": "7"}, (), ""), End(True, 1)]
    service.inner = "<a/>"
    with pytest.raises(HarvestError) as caught:
        service.read(**config, records="ds")
    assert caught.value.code == "unexpected_answer"


def test_a_data_set_of_dot_net_as_a_table(service: Service):
    service.inner = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" id="NewDataSet"/>
    <diffgr:diffgram xmlns:diffgr="urn:schemas-microsoft-com:xml-diffgram-v1"><NewDataSet xmlns="">
    <TABLE diffgr:id="TABLE1" diffgr:hasChanges="inserted"><Ma>14758</Ma><DienTich>20,88</DienTich>
    </TABLE><TABLE diffgr:id="TABLE2"><Ma>14797</Ma><DienTich>5,1</DienTich></TABLE></NewDataSet>
    </diffgr:diffgram>"""
    (record, end) = service.read(
        **BY_HAND,
        records="DanhSachResponse.Ket.diffgram.NewDataSet.TABLE",
        table={"id": "dien-tich", "key": ["Ma"]},
    )
    assert isinstance(record, Record)
    table = record.resources[1].table
    assert [column.name for column in table.columns] == ["ma", "dien_tich"]
    assert [(row[0], str(row[1])) for row in table.rows] == [("14758", "20.88"), ("14797", "5.1")]
    assert end == End(True, 1)


def test_a_single_row_is_a_list_of_one(service: Service):
    service.inner = "<TongSo>1</TongSo><DonVi ma='1'><Ten>Một</Ten></DonVi>"
    items = service.read(**BY_HAND, paging={"total": "DanhSachResponse.Ket.TongSo"})
    assert [type(item) for item in items] == [Record, End]
    assert items[-1].complete


def test_the_same_page_for_ever_ends(service: Service):
    service.inner = "<DonVi ma='1'><Ten>Một</Ten></DonVi>"
    items = service.read(**BY_HAND, paging={"style": "page", "page": "trang"})
    assert items[-1].problem.code == "page_repeated"
    assert len(service.requests) == 2


def test_values_are_written_as_text_and_never_as_markup(service: Service):
    nasty = "38</maTinh><x>&\x00"
    with pytest.raises(HarvestError) as caught:
        service.read(**{**BY_HAND, "parameters": [{"maTinh": nasty}, {"l": [1, {"c": True}]}]})
    assert caught.value.problem.params["detail"] == "Mã tỉnh không đúng"
    call = ElementTree.fromstring(service.requests[0].data).find(f".//{{{NS}}}DanhSach")
    assert call.findtext(f"{{{NS}}}maTinh") == "38</maTinh><x>&"
    assert [element.tag for element in call][1:] == [f"{{{NS}}}l", f"{{{NS}}}l"]
    assert call[2][0].text == "true"


@pytest.mark.parametrize(
    ("config", "code", "key"),
    [
        ({"operaton": "A"}, "unknown_setting", "operaton"),
        ({"version": "2"}, "bad_setting", "read.version"),
        ({"paging": {"style": "next_link", "next": "a"}}, "bad_setting", "read.paging.style"),
        ({"parameters": "x"}, "bad_setting", "read.parameters"),
    ],
)
def test_mistakes_show_when_the_source_is_saved(config: Any, code: str, key: str):
    with pytest.raises(HarvestError) as caught:
        settings_of("soap", "https://so.example/dm.asmx", config)
    assert (caught.value.code, caught.value.problem.params["key"]) == (code, key)


def test_an_element_cannot_have_any_name(service: Service):
    with pytest.raises(HarvestError) as caught:
        service.read(**{**BY_HAND, "parameters": {"a><b": 1}})
    assert (caught.value.code, caught.value.problem.params["key"]) == ("bad_setting", "a><b")


def test_a_look_at_an_address(service: Service):
    with Fetcher([f"127.0.0.1:{service.server.port}"], QUICK) as fetch:
        assert probe(service.url, fetch).title == "DanhMuc"
        assert probe(f"{service.url}?WSDL", fetch) is None  # this service knows ?wsdl only
        assert probe(service.server.url_for("/api"), fetch) is None
    assert len(service.server.log) == 2


def test_a_body_that_is_cut_is_no_empty_list(service: Service, httpserver: HTTPServer):
    cut = f"<s:Envelope xmlns:s='{SOAP11}'><s:Body><DanhSachResponse>"
    httpserver.expect_request("/cut", method="POST").respond_with_data(cut)
    with pytest.raises(HarvestError) as caught:
        service.read(httpserver.url_for("/cut"), **BY_HAND)
    assert caught.value.code == "truncated"
