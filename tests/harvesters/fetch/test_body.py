import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.errors import HarvestError
from harvesters.fetch.body import Caps, read_body, size_in_words

CAPS = Caps(max_bytes=50_000_000, max_ratio=100, where="http://nguon/")


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def refused(data: bytes, encoding: str, caps: Caps = CAPS) -> str:
    with pytest.raises(HarvestError) as caught:
        read_body(pieces(data, 1000), encoding, caps)
    return caught.value.code


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


@given(
    st.binary(max_size=4000), st.integers(1, 700), st.sampled_from(["gzip", "deflate", "raw", ""])
)
def test_what_was_packed_comes_out(data, size, encoding):
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "raw": raw_deflate, "": bytes}
    packed = pack[encoding](data)
    name = "deflate" if encoding == "raw" else encoding
    assert read_body(pieces(packed, size), name, CAPS) == data


def test_large_steps_lose_nothing():
    data = bytes(range(256)) * 20_000
    caps = Caps(50_000_000, 1_000_000, "x")
    assert read_body([gzip.compress(data)], "gzip", caps) == data
    zeros = b"\0" * 7_000_001
    assert read_body(pieces(zlib.compress(zeros), 3), "deflate", caps) == zeros


def test_several_gzip_members_and_padding():
    packed = gzip.compress(b"a" * 10) + gzip.compress(b"b" * 10) + b"\0" * 20
    assert read_body([packed], "x-gzip", CAPS) == b"a" * 10 + b"b" * 10


def test_a_bomb_is_refused_before_it_unfolds():
    bomb = gzip.compress(b"\0" * 300_000_000)
    tracemalloc.start()
    assert refused(bomb, "gzip") == "too_large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80_000_000


def test_a_small_body_may_compress_as_well_as_it_likes():
    data = b" " * 900_000
    assert read_body([gzip.compress(data)], "gzip", CAPS) == data


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_the_byte_cap_holds_before_and_after_unpacking(encoding):
    caps = Caps(10_000, 1_000_000, "http://nguon/")
    data = b"x" * 10_001
    assert refused(gzip.compress(data) if encoding else data, encoding, caps) == "too_large"


def test_a_promise_of_two_gigabytes_is_refused_unread():
    with pytest.raises(HarvestError) as caught:
        CAPS.check_promise("2147483648")
    assert caught.value.problem.params == {"limit": "50 MB"}
    CAPS.check_promise("12")
    CAPS.check_promise(None)


def test_a_packed_body_cut_off_is_truncated():
    packed = gzip.compress(bytes(range(256)) * 100)
    assert refused(packed[:-1], "gzip") == "truncated"
    assert refused(packed[: len(packed) // 2], "gzip") == "truncated"


def test_what_is_not_packed_as_said_is_an_error_of_the_source():
    assert refused(b"{}", "gzip") == "api_error"
    assert refused(b"{}", "br") == "api_error"


def test_sizes_are_said_in_words():
    assert [size_in_words(n) for n in (999, 1000, 100_000_000, 2_500_000_000)] == [
        "999 B",
        "1 KB",
        "100 MB",
        "2.5 GB",
    ]
