"""The `upload` source: one file that a person replaces, and what they say with it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.fetch.uploads import Upload
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.sources import upload
from harvesters.sources.upload import Settings, check_hints

CSV = "Xã;Số hộ\nHà Trung;120\nNga Sơn;95\n"


class Kept:
    """The portal's store of one source's file."""

    def __init__(self, name: str = "", text: str = "", **hints: Any):
        self.name, self.bytes, self.hints = name, text.encode(), hints

    def current(self) -> Upload | None:
        if not self.name:
            return None
        digest = hashlib.sha256(self.bytes).hexdigest()
        return Upload(self.name, digest, len(self.bytes), self.hints)

    def content(self) -> bytes:
        return self.bytes


def _read(kept: Kept, since: Mapping[str, str] | None = None, **settings: Any) -> list[Item]:
    with Fetcher((), home="upload://", uploads=kept) as fetch:
        return list(upload.read(Settings(**settings), fetch, since or {}))


def _record(items: list[Item]) -> Record:
    (record,) = [item for item in items if isinstance(item, Record)]
    return record


def test_a_replacement_is_the_same_dataset_whatever_it_is_called() -> None:
    first = _record(_read(Kept("bao-cao-2024.csv", CSV)))
    second = _record(_read(Kept("bao-cao-2025 (bản cuối).csv", CSV.replace("95", "96"))))
    assert first.remote_id == second.remote_id == "tep"
    assert [r.remote_id for r in first.resources] == [r.remote_id for r in second.resources]
    assert first.mark != second.mark
    assert "identifier" not in first.fields


def test_the_same_file_is_unchanged_until_something_else_is_said_of_it() -> None:
    marks = {"tep": _record(_read(Kept("a.csv", CSV))).mark}
    assert _read(Kept("a.csv", CSV), marks) == [Unchanged("tep"), End(True, 1)]
    said = _read(Kept("a.csv", CSV, title="Số hộ theo xã"), marks)
    assert _record(said).fields["title"] == "Số hộ theo xã"


def test_each_table_can_be_a_dataset() -> None:
    items = _read(Kept("a.csv", CSV), dataset_per="table")
    assert _record(items).remote_id.startswith("tep#")
    marks = {_record(items).remote_id: _record(items).mark}
    assert isinstance(_read(Kept("a.csv", CSV), marks, dataset_per="table")[0], Unchanged)
    *_, end = _read(Kept("a.csv", "chỉ có chữ"), marks, dataset_per="table")
    assert isinstance(end, End)
    assert not end.complete


def test_a_file_that_cannot_be_read_fails_and_keeps_what_there_is() -> None:
    failure, end = _read(Kept("a.csv", "chỉ có chữ"))
    assert isinstance(failure, Failure)
    assert (failure.problem.code, failure.problem.record) == ("no_table", "tep")
    assert end == End(True, 1)


def test_without_a_file_nothing_is_read_and_nothing_withdrawn() -> None:
    with pytest.raises(HarvestError) as caught:
        _read(Kept())
    assert caught.value.code == "no_upload"
    with pytest.raises(HarvestError):
        Fetcher(()).entries("upload://", [])


def test_only_the_file_itself_can_be_read() -> None:
    with Fetcher((), uploads=Kept("a.csv", CSV)) as fetch:
        with pytest.raises(HarvestError) as caught:
            fetch.read("upload://../../etc/passwd")
        assert caught.value.code == "no_such_file"
        assert upload.probe("http://127.0.0.1/", fetch) is None
        assert upload.probe("upload://", fetch) is not None


def test_what_is_said_is_checked_when_it_is_said() -> None:
    given = {"title": "Số hộ", "decimal": "", "sheets": [], "header": {"Biểu 1": "4-5"}}
    assert check_hints(given) == {"title": "Số hộ", "header": {"Biểu 1": "4-5"}}
    for wrong in ({"decimal": "x"}, {"header": "a"}, {"tieu_de": "x"}):
        with pytest.raises(HarvestError):
            check_hints(wrong)
