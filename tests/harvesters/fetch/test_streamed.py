"""Bodies that are read from disk, record by record."""

import gzip
import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Response as Answer

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.fetch.streamed import MAX_DEPTH, Streamed, _Depth
from harvesters.settings import Limits
from tests.raw_server import raw_server


def body(text: str | bytes) -> Streamed:
    content = text.encode() if isinstance(text, str) else text
    return Streamed("http://nguon/", io.BytesIO(content))


def code(text: str | bytes, path: str = "dataset") -> str:
    with pytest.raises(HarvestError) as caught:
        list(body(text).json_items(path))
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "path", "items"),
    [
        (
            '{"a": 1, "dataset": [{"x": 1.5}, {"x": [2]}], "b": []}',
            "dataset",
            [{"x": 1.5}, {"x": [2]}],
        ),
        ('{"dataset": []}', "dataset", []),
        ('\ufeff["Thủy sản", null]', "", ["Thủy sản", None]),
        ('{"result": {"results": [1]}, "dataset": [2]}', "result.results", [1]),
        (r'[" ]}[{ \" \\", "\\"]', "", [' ]}[{ " \\', "\\"]),
    ],
)
def test_the_items_of_a_list_come_one_by_one(text, path, items):
    assert list(body(text).json_items(path)) == items


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "truncated"),
        (" \n", "truncated"),
        ('{"dataset": [1, 2', "truncated"),
        ('{"dataset": [1, "xin ch', "truncated"),
        ('{"dataset": [1, 2]', "truncated"),
        ("{'dataset': 1,}", "not_json"),
        ('{"dataset": [1]} x', "not_json"),
        ('{"dataset": [NaN]}', "not_json"),
        (b'{"dataset": ["\xe9"]}', "unknown_encoding"),
        ('{"dataset": [1]}'.encode("utf-16"), "unknown_encoding"),
        ("<!DOCTYPE html><html>", "html_instead_of_data"),
        ('{"error": "x"}', "unexpected_answer"),
        ('{"dataset": {"a": 1}}', "unexpected_answer"),
        ('{"dataset": ' + "[" * 100_000, "too_deep"),
        ('{"dataset": [' + '{"a": [' * 5000, "too_deep"),
    ],
)
def test_what_is_no_such_list_has_its_code(text, expected):
    assert code(text) == expected


def test_whole_numbers_stay_whole():
    assert list(body("[9007199254740993, 12]").json_items("")) == [9007199254740993, 12]


def test_an_error_comes_after_the_items_before_it():
    items = body('{"dataset": [' + '{"n": 1}, ' * 50_000 + "x]}").json_items("dataset")
    assert next(items) == {"n": 1}
    with pytest.raises(HarvestError):
        list(items)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=20,
)


def nesting(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, (list, dict)) + max(map(nesting, inner), default=0)


@given(JSON, st.integers(1, 9), st.booleans())
def test_depth_is_counted_whatever_the_pieces(value, size, ascii_only):
    content = json.dumps(value, ensure_ascii=ascii_only).encode()
    depth = _Depth("nguon")
    deepest = 0
    for at in range(0, len(content), size):
        depth.feed(content[at : at + size])
        deepest = max(deepest, depth._depth)
    assert (depth._depth, depth._inside) == (0, False)
    assert deepest == nesting(value) if size == 1 else deepest <= nesting(value)


def test_brackets_in_a_long_text_are_no_depth():
    text = "[" * (MAX_DEPTH * 1000) + '\\"' * 50_000
    assert list(body(json.dumps([text])).json_items("")) == [text]


LIMITS = Limits(deadline=30, retries=1, requests_per_second=1000)


def fetching(server: HTTPServer, **limits: object) -> Fetcher:
    return Fetcher([f"127.0.0.1:{server.port}"], Limits(**{**vars(LIMITS), **limits}))


@pytest.fixture
def server():
    with HTTPServer(host="127.0.0.1") as started:
        yield started


def test_a_packed_answer_is_unpacked_and_read_in_bounded_memory(server):
    record = {"title": "Diện tích gieo trồng lúa", "keyword": ["lúa"] * 20}
    content = json.dumps({"dataset": [record] * 100_000}).encode()
    packed = gzip.compress(content, 1)
    server.expect_request("/data.json").respond_with_data(
        packed, headers={"Content-Encoding": "gzip"}, content_type="application/json"
    )
    url = server.url_for("/data.json")
    with fetching(server, max_ratio=1000) as fetch, fetch.stream(url) as streamed:
        tracemalloc.start()
        count = sum(item == record for item in streamed.json_items("dataset"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 100_000
    assert peak < 5_000_000 < len(content)


def test_the_caps_hold(server):
    server.expect_request("/big").respond_with_data(b"[" + b"1," * 1000 + b"1]")
    server.expect_request("/bomb").respond_with_data(
        gzip.compress(b"[" + b" " * 20_000_000 + b"]"), headers={"Content-Encoding": "gzip"}
    )
    with fetching(server, max_bytes=1000) as fetch, pytest.raises(HarvestError) as caught:
        fetch.stream(server.url_for("/big"))
    assert caught.value.code == "too_large"
    with fetching(server) as fetch, pytest.raises(HarvestError) as caught:
        fetch.stream(server.url_for("/bomb"))
    assert caught.value.code == "too_large"


def test_a_refusal_says_why(server):
    server.expect_request("/x").respond_with_json({"message": "Bảo trì"}, status=500)
    with fetching(server, retries=0) as fetch, pytest.raises(HarvestError) as caught:
        fetch.stream(server.url_for("/x"))
    assert (caught.value.code, "Bảo trì" in str(caught.value.problem.params)) == ("api_error", True)


def test_an_answer_after_a_busy_one_is_whole(server):
    server.expect_ordered_request("/x").respond_with_data("busy " * 100, status=503)
    server.expect_ordered_request("/x").respond_with_handler(lambda request: Answer("[1]"))
    with fetching(server) as fetch, fetch.stream(server.url_for("/x")) as streamed:
        assert list(streamed.json_items("")) == [1]


def test_a_cut_line_is_asked_again():
    asked = []

    def answer(raw, connection):
        asked.append(1)
        whole = b"[1, 2, 3]"
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(whole)
        connection.sendall(head + (whole[:4] if len(asked) == 1 else whole))

    with raw_server(answer) as raw, Fetcher(raw.allow, LIMITS) as fetch:
        streamed = fetch.stream(raw.url)
        assert list(streamed.json_items("")) == [1, 2, 3]
    assert len(asked) == 2


def test_a_host_that_was_not_granted_is_refused(server):
    with Fetcher(["127.0.0.1:9"], LIMITS) as fetch, pytest.raises(HarvestError) as caught:
        fetch.stream(server.url_for("/x"))
    assert caught.value.code == "host_not_granted"


def test_a_file_of_a_granted_folder_is_read_alike(tmp_path):
    (tmp_path / "data.json").write_text('{"dataset": [1, 2]}')
    file = str(tmp_path / "data.json")
    with Fetcher([str(tmp_path)], LIMITS) as fetch, fetch.stream(file) as streamed:
        assert list(streamed.json_items("dataset")) == [1, 2]
    small = Limits(max_bytes=5)
    with Fetcher([str(tmp_path)], small) as fetch, pytest.raises(HarvestError) as caught:
        fetch.stream(file)
    assert caught.value.code == "too_large"
