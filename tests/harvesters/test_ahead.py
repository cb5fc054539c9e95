"""Reading ahead: order, errors, bounds, and the end of a reading that nobody wants any more."""

import threading
import time

import pytest

from harvesters.ahead import TOGETHER, WAITING, ReadAhead
from harvesters.errors import HarvestError
from harvesters.model import End, File, Record, RecordResource, Unchanged


def never() -> None:
    raise AssertionError("nothing had to be cut")


def ahead(items, idle=lambda: None, cut=never):
    return ReadAhead(iter(items), idle, cut)


def test_items_come_in_order_up_to_the_end():
    items = [*(Unchanged(str(n)) for n in range(1234)), End(True, 1234)]
    with ahead(items) as reading:
        assert list(reading) == items


def test_an_error_comes_after_the_items_before_it():
    def source():
        yield Unchanged("a")
        yield Unchanged("b")
        raise HarvestError("truncated", where="nguon")

    with ahead(source()) as reading:
        items = iter(reading)
        assert [next(items).remote_id, next(items).remote_id] == ["a", "b"]
        with pytest.raises(HarvestError):
            next(items)


def test_no_more_is_read_ahead_than_may_wait():
    given = []

    def source():
        for number in range(10_000):
            given.append(number)
            yield Unchanged(str(number))

    with ahead(source()) as reading:
        next(iter(reading))
        time.sleep(0.3)
        assert len(given) <= (WAITING + 2) * TOGETHER


def test_a_file_is_not_read_past_until_it_was_taken():
    given = []

    def source():
        for number in range(5):
            given.append(number)
            yield Record(str(number), {}, (RecordResource("f", {}, file=File("a", "b", b"c")),))
        yield End(True, 5)

    with ahead(source()) as reading:
        for number, item in enumerate(reading):
            time.sleep(0.05)
            assert len(given) <= number + 1 or isinstance(item, End)


def test_the_generator_is_closed_when_the_reading_is_left():
    closed = threading.Event()

    def source():
        try:
            for number in range(10_000):
                yield Unchanged(str(number))
        finally:
            closed.set()

    with ahead(source()) as reading:
        next(iter(reading))
    assert closed.is_set()


def test_a_source_that_is_waited_for_is_cut_and_idle_is_told_meanwhile(monkeypatch):
    monkeypatch.setattr("harvesters.ahead.IDLE_EVERY", 0.02)
    monkeypatch.setattr("harvesters.ahead.STOP_WITHIN", 0.05)
    answer = threading.Event()

    class Enough(Exception):
        pass

    told = []

    def idle():
        told.append(1)
        if len(told) == 3:
            raise Enough

    def source():
        answer.wait(30)
        raise HarvestError("deadline", where="nguon", limit="1")
        yield

    began = time.monotonic()
    with pytest.raises(Enough), ahead(source(), idle, answer.set) as reading:
        list(reading)
    assert answer.is_set()
    assert time.monotonic() - began < 10
