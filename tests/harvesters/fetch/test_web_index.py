"""Listings of folders as web servers write them, and pages with downloads."""

import pytest
from werkzeug import Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.settings import Limits
from harvesters.sources import files

QUICK = Limits(deadline=10, timeout=5, retries=0, requests_per_second=1000)
SUFFIXES = (".xlsx", ".csv")
APACHE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /so-lieu</title></head><body><h1>Index of /so-lieu</h1>
<table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td><td>&nbsp;</td></tr>
<tr><td><a href="2025/">2025/</a></td><td align="right">2025-03-01 08:00  </td><td>  - </td></tr>
<tr><td><a href="bao-cao-kinh-te-xa-hoi.csv">bao-cao-kinh-te-xa-..&gt;</a></td><td>14K</td></tr>
<tr><td><a href="Bi%e1%bb%83u%201.csv">Biểu 1.csv</a></td><td>2025-01-01 10:00</td><td>14K</td></tr>
<tr><td><a href="ghi-chu.pdf">ghi-chu.pdf</a></td></tr></table></body></html>"""
NGINX = """<html>\r\n<head><title>Index of /so-lieu/</title></head>\r\n<body>\r\n
<h1>Index of /so-lieu/</h1><hr><pre><a href="../">../</a>\r\n
<a href="2025/">2025/</a>                      01-Mar-2025 08:00      -\r\n
<a href="bao-cao-kinh-te-xa-hoi.csv">bao-cao-kinh-te-xa-hoi.csv</a>   01-Jan-2025 10:00  14000\r\n
<a href="Bi%E1%BB%83u%201.csv">Biểu 1.csv</a>      01-Jan-2025 10:00      14000\r\n</pre><hr></body>
</html>"""
IIS = """<html><head><title>so - /so-lieu/</title></head><body><H1>so - /so-lieu/</H1><hr>
<pre><A HREF="/">[To Parent Directory]</A><br><br>
 3/1/2025  8:00 AM        &lt;dir&gt; <A HREF="/so-lieu/2025/">2025</A><br>
 1/1/2025 10:00 AM        14000 <A HREF="/so-lieu/bao-cao-kinh-te-xa-hoi.csv">bao-cao.csv</A><br>
 1/1/2025 10:00 AM        14000 <A HREF="/so-lieu/Bi%E1%BB%83u%201.csv">Biểu 1.csv</A><br>
</pre><hr></body></html>"""
LIGHTTPD = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en"><head><title>Index of /so-lieu/</title>
</head><body><table><tbody><tr class="d"><td class="n"><a href="../">..</a>/</td></tr>
<tr class="d"><td class="n"><a href="2025/">2025</a>/</td><td class="m">2025-Mar-01</td></tr>
<tr><td class="n"><a href="bao-cao-kinh-te-xa-hoi.csv">bao-cao-kinh-te-xa-hoi.csv</a></td></tr>
<tr><td class="n"><a href="Bi%E1%BB%83u%201.csv">Biểu 1.csv</a></td></tr></tbody></table></body>
</html>"""
CSV = "Xã;Số hộ\nA;1\nB;2\n"


@pytest.fixture
def fetch(httpserver):
    with Fetcher([f"127.0.0.1:{httpserver.port}"], QUICK) as fetcher:
        yield fetcher


def serve(httpserver, pages):
    for path, body in pages.items():
        kind = "text/html" if body.lstrip().startswith("<") else "text/csv"
        response = Response(body, content_type=f"{kind}; charset=utf-8", headers={"ETag": '"1"'})
        httpserver.expect_request(path).respond_with_handler(lambda request, r=response: r)


@pytest.mark.parametrize(
    "listing", [APACHE, NGINX, IIS, LIGHTTPD], ids=["apache", "nginx", "iis", "lighttpd"]
)
def test_a_servers_listing_gives_its_files_and_those_below(httpserver, fetch, listing):
    below = '<title>Index of /so-lieu/2025/</title><a href="../">..</a><a href="quy-1.csv">q</a>'
    below = f"<html>{below}</html>"
    serve(httpserver, {"/so-lieu/": listing, "/so-lieu/2025/": below})
    serve(httpserver, {f"/so-lieu/{name}": CSV for name in ("bao-cao-kinh-te-xa-hoi.csv",)})
    serve(httpserver, {"/so-lieu/Biểu 1.csv": CSV, "/so-lieu/2025/quy-1.csv": CSV})
    entries = fetch.entries(httpserver.url_for("/so-lieu/"), SUFFIXES)
    assert [entry.path for entry in entries] == [
        "2025/quy-1.csv",
        "Biểu 1.csv",
        "bao-cao-kinh-te-xa-hoi.csv",
    ]
    assert {entry.mark for entry in entries} == {'etag:"1"'}
    assert fetch.read(entries[1].location).text() == CSV


def test_a_source_of_workbooks_reads_a_listing_and_knows_it_again(httpserver, fetch):
    serve(httpserver, {"/s/": NGINX.replace("2025/", "x.txt"), "/s/Biểu 1.csv": CSV})
    serve(httpserver, {"/s/bao-cao-kinh-te-xa-hoi.csv": CSV, "/s/x.txt": CSV})
    url = httpserver.url_for("/s/")
    *records, end = files.read(files.Settings(url, pattern="*.csv"), fetch, {})
    assert [r.remote_id for r in records] == ["Biểu 1.csv", "bao-cao-kinh-te-xa-hoi.csv"]
    assert end.complete
    marks = {record.remote_id: record.mark for record in records}
    again = list(files.read(files.Settings(url, pattern="*.csv"), fetch, marks))
    assert [type(item).__name__ for item in again] == ["Unchanged", "Unchanged", "End"]


def test_a_page_made_by_hand_gives_its_downloads(httpserver, fetch):
    page = """<html><head><base href="/tep/"></head><body><nav><a href="/gioi-thieu/">Giới thiệu</a>
      <a href="https://khac.vn/x.csv">nơi khác</a><a href="mailto:a@b.vn">thư</a></nav>
      <a href="2025/quy-1.csv#muc">Quý I</a> <a href='2025/quy-1.csv'>Quý I lần nữa</a>
      <a href="/tai-ve.aspx?id=12&amp;file=Quy%202.xlsx">Quý II</a>
      <a href="/tai-ve.aspx?id=13">Báo cáo năm 2024.csv</a>
      <a href="/tai-ve.aspx?id=14" download="nam-2023.csv">Năm 2023</a><a href>trống
      <a href="http://[sai/x.csv">hỏng</a></body></html>"""
    serve(httpserver, {"/bao-cao": page})
    entries = fetch.entries(httpserver.url_for("/bao-cao"), SUFFIXES)
    assert [entry.path for entry in entries] == [
        "tai-ve.aspx?id=12&file=Quy 2.xlsx/Quy 2.xlsx",
        "tai-ve.aspx?id=13/Báo cáo năm 2024.csv",
        "tai-ve.aspx?id=14/nam-2023.csv",
        "tep/2025/quy-1.csv",
    ]
    assert not any(request.path == "/gioi-thieu/" for request, _ in httpserver.log)


def test_a_listing_that_leads_in_a_circle_ends(httpserver, fetch):
    page = '<a href="a/">a</a><a href="b/../a/">a</a><a href="../">.</a><a href="?x/">x</a>'
    page = "<html><title>Index of /</title>" + page
    for depth in range(12):
        serve(httpserver, {"/" + "a/" * depth: page + f'<a href="{depth}.csv">x</a></html>'})
    entries = fetch.entries(httpserver.url_for("/"), SUFFIXES)
    assert len(entries) == 9
    pages = [r for r, _ in httpserver.log if r.method == "GET" and r.path.endswith("/")]
    assert len(pages) == 9


def test_a_folder_below_that_fails_fails_the_listing(httpserver, fetch):
    """Its files must not be taken for gone."""
    serve(httpserver, {"/so-lieu/": NGINX})
    httpserver.expect_request("/so-lieu/2025/").respond_with_data("", status=500)
    with pytest.raises(HarvestError) as caught:
        fetch.entries(httpserver.url_for("/so-lieu/"), SUFFIXES)
    assert caught.value.code == "api_error"


def test_a_page_without_files_is_still_a_page(httpserver, fetch):
    serve(httpserver, {"/": "<html><body><form>Đăng nhập</form></body></html>"})
    (item, _) = files.read(files.Settings(httpserver.url_for("/")), fetch, {})
    assert item.problem.code == "html_instead_of_data"


def test_a_table_in_html_under_a_workbooks_name_is_no_listing(httpserver, fetch):
    table = '<html><table><tr><td>Xã</td></tr></table><a href="x.csv">x</a></html>'
    serve(httpserver, {"/bang.xlsx": table})
    (entry,) = fetch.entries(httpserver.url_for("/bang.xlsx"), SUFFIXES)
    assert entry.path == "bang.xlsx"
