"""Object stores: a real S3 server (moto) in this process, and the signature against botocore's."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import Config
from botocore.credentials import Credentials
from moto.server import ThreadedMotoServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.fetch.s3 import signature
from harvesters.settings import Auth, Limits
from harvesters.sources import files

QUICK = Limits(deadline=20, timeout=10, retries=0, requests_per_second=1000)
ACCOUNT = Auth("basic", user="AKIDSO", secret="file:x")


@pytest.fixture(scope="module")
def server():
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    yield running.get_host_and_port()[1]
    running.stop()


@pytest.fixture
def bucket(server):
    """A bucket as a department fills it; gives its URL."""
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server}",
        aws_access_key_id="AKIDSO",
        aws_secret_access_key="bi-mat",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket="so-y-te")
    for key, text in {
        "bao-cao/Biểu 1.csv": "Xã;Số hộ\nA;1\nB;2\n",
        "bao-cao/2025/quý 1 + 2.csv": "Xã;Số hộ\nC;3\nD;4\n",
        "bao-cao/~$tam.csv": "x",
        "bao-cao/.an/x.csv": "x",
        "bao-cao/ghi-chu.doc": "x",
        "bao-cao-khac/x.csv": "x",
        "bao-cao/rong/": "",
    }.items():
        client.put_object(Bucket="so-y-te", Key=key, Body=text.encode())
    yield client
    while listed := client.list_objects_v2(Bucket="so-y-te").get("Contents", []):
        keys = [{"Key": item["Key"]} for item in listed]
        client.delete_objects(Bucket="so-y-te", Delete={"Objects": keys})
    client.delete_bucket(Bucket="so-y-te")


def opened(port, limits=QUICK, auth=ACCOUNT, allow=None, **more):
    home = f"s3+http://127.0.0.1:{port}/so-y-te"
    allow = [f"127.0.0.1:{port}"] if allow is None else allow
    return Fetcher(allow, limits, auth, lambda reference: "bi-mat", home=home, **more)


def refusal(function, *args) -> HarvestError:
    with pytest.raises(HarvestError) as caught:
        function(*args)
    return caught.value


@pytest.mark.parametrize("prefix", ["bao-cao", "bao-cao/"])
def test_a_prefix_is_listed_and_its_objects_read(server, bucket, prefix):
    url = f"s3+http://127.0.0.1:{server}/so-y-te/{prefix}"
    with opened(server) as fetch:
        entries = fetch.entries(url, [".csv"])
        assert [entry.path for entry in entries] == ["2025/quý 1 + 2.csv", "Biểu 1.csv"]
        assert fetch.read(entries[0].location).text() == "Xã;Số hộ\nC;3\nD;4\n"
        assert fetch.read(entries[1].location).text() == "Xã;Số hộ\nA;1\nB;2\n"
        (entry,) = fetch.entries(entries[0].location, [".csv"])
        assert (entry.path, entry.mark) == ("quý 1 + 2.csv", entries[0].mark)


def test_a_source_of_workbooks_reads_a_bucket(server, bucket):
    url = f"s3+http://127.0.0.1:{server}/so-y-te/bao-cao"
    with opened(server) as fetch:
        *records, end = files.read(files.Settings(url), fetch, {})
        marks = {record.remote_id: record.mark for record in records}
        bucket.put_object(
            Bucket="so-y-te", Key="bao-cao/Biểu 1.csv", Body="Xã;Số hộ\nA;2\nB;2\n".encode()
        )
        again = list(files.read(files.Settings(url), fetch, marks))
    assert end.complete
    assert sorted(marks) == ["2025/quý 1 + 2.csv", "Biểu 1.csv"]
    assert [type(item).__name__ for item in again] == ["Unchanged", "Record", "End"]


def test_a_listing_of_many_pages_is_read_whole(httpserver):
    """The token comes back as it was given, whatever is in it."""
    page = (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        "<IsTruncated>{}</IsTruncated><NextContinuationToken>{}</NextContinuationToken>"
        "<Contents><Key>nhieu/{}.csv</Key><Size>1</Size><ETag>&quot;e&quot;</ETag></Contents>"
        "</ListBucketResult>"
    )
    first = {"list-type": "2", "prefix": "nhieu", "encoding-type": "url"}
    for query, *said in (
        (first, "true", "a+b/==", "1"),
        ({**first, "continuation-token": "a+b/=="}, "true", "đ", "2"),
        ({**first, "continuation-token": "đ"}, "false", "", "3"),
    ):
        httpserver.expect_request("/so-y-te", query_string=query).respond_with_data(
            page.format(*said), content_type="application/xml"
        )
    with opened(httpserver.port) as fetch:
        entries = fetch.entries(f"s3+http://127.0.0.1:{httpserver.port}/so-y-te/nhieu", [".csv"])
    assert [(e.path, e.mark) for e in entries] == [("1.csv", "e"), ("2.csv", "e"), ("3.csv", "e")]


def test_what_is_not_there_says_so(server, bucket):
    with opened(server) as fetch:
        base = f"s3+http://127.0.0.1:{server}"
        assert refusal(fetch.entries, f"{base}/khong-co/x", [".csv"]).code == "api_error"
        assert refusal(fetch.read, f"{base}/so-y-te/khong-co.csv").code == "api_error"
        assert refusal(fetch.entries, f"{base}/", [".csv"]).code == "bad_setting"


def test_what_was_not_granted_is_refused(server, bucket):
    with opened(server, allow=["127.0.0.1:1"]) as fetch:
        url = f"s3+http://127.0.0.1:{server}/so-y-te/"
        assert refusal(fetch.entries, url, [".csv"]).code == "host_not_granted"


def test_large_objects_are_refused(server, bucket):
    bucket.put_object(Bucket="so-y-te", Key="to.csv", Body=b"x" * 2000)
    with opened(server, Limits(max_bytes=1000)) as fetch:
        url = f"s3+http://127.0.0.1:{server}/so-y-te/to.csv"
        assert refusal(fetch.read, url).code == "too_large"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/so-y-te/bao-cao/Bi%E1%BB%83u%201.csv",
        "https://s3.vn/so-y-te?list-type=2&prefix=b%20c%2F%C4%91&continuation-token=a%2Bb%3D%3D",
        "https://s3.vn/so-y-te/a%2Bb%28c%29~.csv",
    ],
)
def test_the_signature_is_the_one_of_amazons_own_library(url, monkeypatch):
    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    ours = signature("GET", url, "AKIDSO", "bi/mat+", "ap-southeast-1", now)
    request = AWSRequest("GET", url, headers={"x-amz-content-sha256": ours["x-amz-content-sha256"]})
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now.replace(tzinfo=None))
    S3SigV4Auth(Credentials("AKIDSO", "bi/mat+"), "s3", "ap-southeast-1").add_auth(request)
    assert ours["x-amz-date"] == request.headers["X-Amz-Date"]
    assert ours["Authorization"] == request.headers["Authorization"]


def test_the_secret_is_never_sent_and_the_signature_goes_nowhere_else(httpserver, server):
    """A redirect, even to a granted host, gets no signature; nor does another server's bucket."""
    asked: list[Request] = []

    def answer(request: Request) -> Response:
        asked.append(request)
        return Response(status=307, headers={"Location": f"http://127.0.0.1:{server}/so-y-te/x"})

    httpserver.expect_request("/so-y-te/x").respond_with_handler(answer)
    allow = [f"127.0.0.1:{httpserver.port}", f"127.0.0.1:{server}"]
    with opened(httpserver.port, allow=allow) as fetch:
        assert refusal(fetch.read, f"s3+http://127.0.0.1:{httpserver.port}/so-y-te/x").code
    assert asked[0].headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDSO/")
    assert "bi-mat" not in str(asked[0].headers)
    asked.clear()
    with opened(server, allow=allow) as fetch:
        refusal(fetch.read, f"s3+http://127.0.0.1:{httpserver.port}/so-y-te/x")
    assert "Authorization" not in asked[0].headers


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<html><body>Đăng nhập</body></html>", "html_instead_of_data"),
        ("{}", "unexpected_answer"),
        ("<Error><Code>x</Code></Error>", "unexpected_answer"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><ListBucketResult>&a;</ListBucketResult>', None),
        (
            "<ListBucketResult><IsTruncated>true</IsTruncated>"
            "<NextContinuationToken>a</NextContinuationToken></ListBucketResult>",
            "unexpected_answer",
        ),
    ],
)
def test_what_is_no_listing_is_an_error(httpserver, body, code):
    httpserver.expect_request("/so-y-te").respond_with_data(body)
    with opened(httpserver.port) as fetch:
        url = f"s3+http://127.0.0.1:{httpserver.port}/so-y-te"
        assert refusal(fetch.entries, url, [".csv"]).code == (code or "unexpected_answer")
    assert len(httpserver.log) <= 2
