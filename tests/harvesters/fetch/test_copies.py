"""What did not change is not sent again; what fails is never covered up by an old copy."""

import os

import pytest
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.copies import Bounds, FolderCopies
from harvesters.fetch.fetcher import Fetcher
from harvesters.fetch.response import Response as Answer
from harvesters.settings import Auth, Limits

QUICK = Limits(deadline=5, timeout=2, retries=0, requests_per_second=1000)


class Portal:
    """A server whose content has a version, and that counts what it had to send."""

    def __init__(self, httpserver):
        self.version, self.status, self.sent = "1", 200, 0
        self.validator = "ETag"
        self.url = httpserver.url_for("/danh-sach")
        self.allow = [f"127.0.0.1:{httpserver.port}"]
        self.asked: list[Request] = []
        httpserver.expect_request("/danh-sach").respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        if self.status != 200:
            return Response("hỏng", self.status)
        held = {"ETag": f'"{self.version}"', "Last-Modified": "Sat, 01 Nov 2025 00:00:00 GMT"}
        value = held.get(self.validator, "")
        sent = {self.validator: value, "Set-Cookie": "phien=1"} if value else {}
        asked = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
        if value and request.headers.get(asked[self.validator]) == value:
            return Response(status=304, headers=sent)
        self.sent += 1
        return Response(f'{{"ban": "{self.version}"}}', 200, sent, content_type="application/json")


@pytest.fixture
def portal(httpserver):
    return Portal(httpserver)


@pytest.fixture
def opened(portal, tmp_path):
    """A fetcher as each run makes one: the copies outlive it."""

    def open_(source="nguon-1", **more):
        copies = FolderCopies(str(tmp_path / "ban-sao"), source)
        return Fetcher(portal.allow, QUICK, copies=copies, **more)

    return open_


@pytest.mark.parametrize("validator", ["ETag", "Last-Modified"])
def test_what_did_not_change_is_not_sent_again(portal, opened, validator):
    portal.validator = validator
    for _ in range(3):
        with opened() as fetch:
            answer = fetch.get(portal.url)
        assert answer.json() == {"ban": "1"}
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
    assert (portal.sent, len(portal.asked)) == (1, 3)


def test_what_changed_is_sent_and_kept_instead(portal, opened):
    with opened() as fetch:
        fetch.get(portal.url)
    portal.version = "2"
    for _ in range(2):
        with opened() as fetch:
            assert fetch.get(portal.url).json() == {"ban": "2"}
    assert portal.sent == 2


@pytest.mark.parametrize("status", [404, 500, 401])
def test_a_failure_stays_a_failure(portal, opened, status):
    with opened() as fetch:
        fetch.get(portal.url)
    portal.status = status
    with opened() as fetch, pytest.raises(HarvestError) as caught:
        fetch.get(portal.url)
    assert caught.value.code == ("auth_failed" if status == 401 else "api_error")


def test_one_question_has_one_copy(portal, opened):
    """Another parameter, another header or another source is another question."""
    with opened() as fetch:
        fetch.get(portal.url)
        fetch.get(portal.url, {"trang": "2"})
        fetch.get(portal.url, headers={"Accept": "text/csv"})
    with opened("nguon-2") as fetch:
        fetch.get(portal.url)
    assert portal.sent == 4
    assert not any("If-None-Match" in request.headers for request in portal.asked)


def test_without_a_validator_nothing_is_kept(portal, opened, tmp_path):
    portal.validator = ""
    for _ in range(2):
        with opened() as fetch:
            fetch.get(portal.url)
    assert portal.sent == 2
    assert not list(tmp_path.rglob("*.body"))


def test_a_damaged_copy_is_read_anew(portal, opened, tmp_path):
    with opened() as fetch:
        fetch.get(portal.url)
    (body,) = tmp_path.rglob("*.body")
    body.write_bytes(b'{"ban": "sai"}')
    with opened() as fetch:
        assert fetch.get(portal.url).json() == {"ban": "1"}
    assert portal.sent == 2


def test_no_secret_lies_beside_a_copy(portal, opened, tmp_path):
    auth = Auth("api_key", parameter="apikey", secret="file:x")
    for _ in range(2):
        with opened(auth=auth, secret=lambda reference: "khoa-rat-mat") as fetch:
            fetch.get(portal.url)
    assert portal.asked[0].args["apikey"] == "khoa-rat-mat"
    assert portal.sent == 1
    held = b"".join(path.read_bytes() + path.name.encode() for path in tmp_path.rglob("*.*"))
    assert held
    assert b"khoa-rat-mat" not in held
    assert b"phien" not in held


def test_copies_are_for_their_owner_only(portal, opened, tmp_path):
    with opened() as fetch:
        fetch.get(portal.url)
    for path in (tmp_path / "ban-sao").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_what_is_kept_is_bounded_and_the_longest_unused_goes_first(tmp_path):
    now = [1_000_000.0]
    copies = FolderCopies(str(tmp_path), "n", Bounds(100_000, 1000.0), lambda: now[0])
    for number in range(6):
        now[0] += 1
        copies.keep(f"http://h/{number}", {}, Answer("", b"x" * 30_000, 200, {"etag": "1"}))
        if number == 1:
            assert copies.find("http://h/0", {})
    assert [n for n in range(6) if copies.find(f"http://h/{n}", {})] == [4, 5]
    now[0] += 2000
    copies.tidy()
    assert not os.listdir(next(tmp_path.iterdir()))


def test_a_body_larger_than_all_is_not_kept(tmp_path):
    copies = FolderCopies(str(tmp_path), "n", Bounds(1000))
    copies.keep("http://h/", {}, Answer("", b"x" * 1001, 200, {"etag": "1"}))
    assert copies.find("http://h/", {}) is None


def test_a_disk_that_is_full_costs_only_the_copy(portal, tmp_path):
    blocked = tmp_path / "khong-phai-thu-muc"
    blocked.write_text("")
    with Fetcher(portal.allow, QUICK, copies=FolderCopies(str(blocked), "n")) as fetch:
        assert fetch.get(portal.url).json() == {"ban": "1"}
