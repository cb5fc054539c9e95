"""The `files` source over real folders, through the real fetcher."""

from __future__ import annotations

import os
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import End, Failure, Item, Record, Unchanged
from harvesters.sources import files
from harvesters.sources.files import Settings

CSV = "Xã;Số hộ\nHà Trung;120\nNga Sơn;95\n"
OTHER = "Xã;Số hộ\nHà Trung;121\nNga Sơn;95\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A granted folder."""
    place = tmp_path / "so-lieu"
    place.mkdir()
    return place


@pytest.fixture
def fetch(folder: Path) -> Iterator[Fetcher]:
    """A fetcher that may read that folder only."""
    with Fetcher((str(folder),), home=str(folder)) as fetcher:
        yield fetcher


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _read(
    folder: Path, fetch: Fetcher, since: Mapping[str, str] | None = None, **settings: Any
) -> list[Item]:
    return list(files.read(Settings(str(folder), **settings), fetch, since or {}))


def _records(items: list[Item]) -> dict[str, Record]:
    return {item.remote_id: item for item in items if isinstance(item, Record)}


def _failures(items: list[Item]) -> dict[str | None, str]:
    return {i.problem.record: i.problem.code for i in items if isinstance(i, Failure)}


def _marks(items: list[Item]) -> dict[str, str]:
    return {key: record.mark for key, record in _records(items).items()}


def test_a_file_is_a_dataset_with_its_bytes_and_its_table(folder: Path, fetch: Fetcher) -> None:
    _write(folder / "2025" / "so-ho_theo-xa.csv", CSV)
    *_, end = items = _read(folder, fetch)
    record = _records(items)["2025/so-ho_theo-xa.csv"]
    assert record.fields["title"] == "So ho theo xa"
    original, table = record.resources
    assert original.file is not None
    assert original.file.content == CSV.encode()
    assert (original.remote_id, table.remote_id) == ("file", "table")
    assert table.table is not None
    assert table.table.rows == (("Hà Trung", 120), ("Nga Sơn", 95))
    assert end == End(True, 1)


def test_what_did_not_change_is_not_read_again(folder: Path, fetch: Fetcher) -> None:
    _write(folder / "a.csv", CSV)
    _write(folder / "b.csv", CSV)
    marks = _marks(_read(folder, fetch))
    assert _read(folder, fetch, marks) == [Unchanged("a.csv"), Unchanged("b.csv"), End(True, 2)]
    _write(folder / "a.csv", OTHER)
    again = _read(folder, fetch, marks)
    assert list(_records(again)) == ["a.csv"]
    assert Unchanged("b.csv") in again


def test_a_description_or_a_setting_that_changed_is_a_change(folder: Path, fetch: Fetcher) -> None:
    _write(folder / "a.csv", CSV)
    marks = _marks(_read(folder, fetch))
    assert list(_records(_read(folder, fetch, marks, decimal=","))) == ["a.csv"]
    _write(folder / "a.csv.yaml", "title: Số hộ\n")
    again = _records(_read(folder, fetch, marks))
    assert again["a.csv"].fields["title"] == "Số hộ"
    marks = _marks(_read(folder, fetch))
    _write(folder / "a.csv.yaml", "title: Số hộ theo xã\n")
    assert list(_records(_read(folder, fetch, marks))) == ["a.csv"]


def test_one_changed_figure_changes_one_cell(folder: Path, fetch: Fetcher) -> None:
    _write(folder / "a.csv", CSV)
    before = _records(_read(folder, fetch))["a.csv"]
    _write(folder / "a.csv", OTHER)
    after = _records(_read(folder, fetch))["a.csv"]
    assert before.fields == after.fields
    assert [r.remote_id for r in before.resources] == [r.remote_id for r in after.resources]
    first, second = (r.resources[1].table for r in (before, after))
    assert first is not None
    assert second is not None
    assert first.columns == second.columns
    assert [row for row in second.rows if row not in first.rows] == [("Hà Trung", 121)]


def test_the_nearer_description_counts(folder: Path, fetch: Fetcher) -> None:
    _write(folder / "_nguon.yaml", "license_id: thanhhoa-terms\nfrequency: ANNUAL\n")
    _write(folder / "y" / "_source.yml", "frequency: MONTHLY\nissued: 2025-01-31\n")
    _write(folder / "y" / "a.csv", CSV)
    _write(
        folder / "y" / "a.yaml", "title: A\ncolumns:\n  so_ho: {unit: hộ, title_en: Households}\n"
    )
    _write(folder / "b.csv", CSV)
    records = _records(_read(folder, fetch, fields={"frequency": "DAILY", "theme": ["01"]}))
    first, second = records["y/a.csv"], records["b.csv"]
    assert first.fields["frequency"] == "MONTHLY"
    assert first.fields["issued"] == "2025-01-31"
    assert first.fields["license_id"] == "thanhhoa-terms"
    assert first.fields["theme"] == ["01"]
    assert second.fields["frequency"] == "ANNUAL"
    table = first.resources[1].table
    assert table is not None
    assert (table.columns[1].unit, table.columns[1].title_en) == ("hộ", "Households")


@pytest.mark.parametrize(
    ("text", "code", "params"),
    [
        ("titel: A\n", "unknown_setting", {"key": "titel", "nearest": "title"}),
        ("header: dòng 5\n", "bad_setting", {"key": "header"}),
        ("decimal: ';'\n", "bad_setting", {"key": "decimal"}),
        ("columns: {a: {kind: text}}\n", "unknown_setting", {"key": "kind"}),
        ("columns: {a: {type: float}}\n", "bad_setting", {"key": "columns.a.type"}),
        ("dataset_per: sheet\n", "bad_setting", {"key": "dataset_per"}),
        ("a: [1\n", "bad_config_file", {}),
        ("- a\n", "bad_setting", {}),
        ("a: &x [1]\nb: *x\n", "bad_config_file", {}),
    ],
)
def test_a_wrong_description_fails_its_file_alone(
    folder: Path, fetch: Fetcher, text: str, code: str, params: dict[str, str]
) -> None:
    _write(folder / "a.csv", CSV)
    _write(folder / "b.csv", CSV)
    _write(folder / "a.csv.yaml", text)
    *_, end = items = _read(folder, fetch)
    assert _failures(items) == {"a.csv": code}
    assert list(_records(items)) == ["b.csv"]
    assert end == End(True, 2)
    problem = next(item.problem for item in items if isinstance(item, Failure))
    assert params.items() <= problem.params.items()
    assert problem.where in ("a.csv.yaml", "columns.a")


def test_each_table_a_dataset(folder: Path, fetch: Fetcher) -> None:
    two = "1. Bò;\n;Con\nHà Trung;1\nNga Sơn;2\n\n2. Lợn;\n;Số con\nHà Trung;3\nNga Sơn;4\n"
    _write(folder / "a.csv", two)
    items = _read(folder, fetch, dataset_per="table")
    records = _records(items)
    assert list(records) == ["a.csv#bo", "a.csv#lon"]
    assert [r.fields["title"] for r in records.values()] == ["Bò", "Lợn"]
    marks = _marks(items)
    assert _read(folder, fetch, marks, dataset_per="table") == [
        Unchanged("a.csv#bo"),
        Unchanged("a.csv#lon"),
        End(True, 2),
    ]
    # One of them was never taken over: both are read again.
    del marks["a.csv#lon"]
    assert len(_records(_read(folder, fetch, marks, dataset_per="table"))) == 2


def test_a_file_that_fails_leaves_its_tables_unknown(folder: Path, fetch: Fetcher) -> None:
    _write(folder / "a.csv", CSV)
    (folder / "b.xlsx").write_bytes(b"PK\x03\x04 cut")
    *_, end = items = _read(folder, fetch, dataset_per="table")
    assert _failures(items) == {"b.xlsx": "truncated"}
    assert isinstance(end, End)
    assert not end.complete
    assert isinstance(_read(folder, fetch)[-1], End)
    assert _read(folder, fetch)[-1] == End(True, 2)


def test_names_are_composed(folder: Path, fetch: Fetcher) -> None:
    _write(folder / unicodedata.normalize("NFD", "Số hộ.csv"), CSV)
    # A letter that looks like another one is the file's own.
    _write(folder / "\u00d0at.csv", CSV)
    assert list(_records(_read(folder, fetch))) == ["Số hộ.csv", "\u00d0at.csv"]


def test_pattern_and_files_of_no_interest(folder: Path, fetch: Fetcher) -> None:
    for name in ("2024/a.csv", "2025/a.csv", "ghi-chu.docx", "~$a.xlsx"):
        _write(folder / name, CSV)
    assert list(_records(_read(folder, fetch))) == ["2024/a.csv", "2025/a.csv"]
    assert list(_records(_read(folder, fetch, pattern="2025/*"))) == ["2025/a.csv"]


def test_an_empty_folder_is_a_complete_empty_listing(folder: Path, fetch: Fetcher) -> None:
    assert _read(folder, fetch) == [End(True, 0)]
    assert files.probe(str(folder), fetch) is None


def test_probe_counts_the_files(folder: Path, fetch: Fetcher) -> None:
    _write(folder / "a.csv", CSV)
    _write(folder / "_nguon.yaml", "title: x\n")
    found = files.probe(str(folder), fetch)
    assert found is not None
    assert (found.title, found.datasets) == ("so-lieu", 1)


def test_a_folder_that_is_not_granted_ends_the_reading(fetch: Fetcher, tmp_path: Path) -> None:
    with pytest.raises(HarvestError) as caught:
        list(files.read(Settings(str(tmp_path / "khac")), fetch, {}))
    assert caught.value.code == "host_not_granted"


def test_a_link_out_of_the_folder_fails_alone(folder: Path, fetch: Fetcher, tmp_path: Path) -> None:
    _write(tmp_path / "bi-mat.csv", CSV)
    os.symlink(tmp_path / "bi-mat.csv", folder / "a.csv")
    _write(folder / "b.csv", CSV)
    with pytest.raises(HarvestError) as caught:
        _read(folder, fetch)
    assert caught.value.code == "host_not_granted"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"dataset_per": "sheet"}, "bad_setting"),
        ({"decimal": ";"}, "bad_setting"),
        ({"fields": {"titel": "A"}}, "unknown_setting"),
    ],
)
def test_wrong_settings_are_told(
    folder: Path, fetch: Fetcher, settings: dict[str, Any], code: str
) -> None:
    with pytest.raises(HarvestError) as caught:
        _read(folder, fetch, **settings)
    assert caught.value.code == code


def test_every_note_has_words(folder: Path, fetch: Fetcher) -> None:
    from harvesters.messages import say
    from harvesters.problem_words import MESSAGES

    _write(folder / "a.csv", "Xã;Giá;\nA;1.234;5\nB;2.345;6\nC;3.456;7\n")
    (record,) = _records(_read(folder, fetch)).values()
    assert record.notes
    for note in record.notes:
        assert note.code in MESSAGES
        for lang in ("vi", "en"):
            assert "…" not in say(note, lang).message


def _zip(path: Path, members: Mapping[str, str | bytes], **more: Any) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content, **more)


def test_the_files_in_a_zip_are_read_as_if_they_lay_in_a_folder(
    folder: Path, fetch: Fetcher
) -> None:
    _zip(
        folder / "quý 1.zip",
        {
            "bieu-1.csv": CSV,
            "con/Biểu 2.csv": CSV,
            "__MACOSX/x.csv": CSV,
            "~$tam.csv": CSV,
            "trong.zip": b"PK\x05\x06" + bytes(18),
            "ghi-chu.doc": "x",
        },
    )
    items = _read(folder, fetch)
    records = _records(items)
    assert sorted(records) == ["quý 1.zip/bieu-1.csv", "quý 1.zip/con/Biểu 2.csv"]
    assert items[-1] == End(True, 2)
    original = records["quý 1.zip/con/Biểu 2.csv"].resources[0].file
    assert original is not None
    assert (original.name, original.content.decode()) == ("Biểu 2.csv", CSV)


@pytest.mark.parametrize("per", ["workbook", "table"])
def test_a_zip_that_has_not_changed_is_not_opened(
    folder: Path, fetch: Fetcher, per: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _zip(folder / "a.zip", {"1.csv": CSV, "2.csv": CSV})
    marks = _marks(_read(folder, fetch, dataset_per=per))
    assert len(marks) == 2

    def opened(self: Fetcher, location: str) -> None:
        raise AssertionError(location)

    with monkeypatch.context() as patch:
        patch.setattr(Fetcher, "read", opened)
        again = _read(folder, fetch, marks, dataset_per=per)
    assert [item.remote_id for item in again if isinstance(item, Unchanged)] == sorted(marks)
    assert again[-1] == End(True, 2)
    _zip(folder / "a.zip", {"1.csv": OTHER, "2.csv": CSV})
    assert sorted(_records(_read(folder, fetch, marks, dataset_per=per))) == sorted(marks)
    _zip(folder / "a.zip", {"1.csv": CSV})
    left = _read(folder, fetch, marks, dataset_per=per)
    assert len(_records(left)) == 1
    assert left[-1] == End(True, 1)


def test_one_bad_file_in_a_zip_fails_alone(folder: Path, fetch: Fetcher) -> None:
    _zip(folder / "a.zip", {"1.csv": CSV, "2.csv": "một dòng chữ"})
    items = _read(folder, fetch)
    assert _failures(items) == {"a.zip/2.csv": "no_table"}
    assert list(_records(items)) == ["a.zip/1.csv"]
    assert items[-1] == End(True, 2)


def test_a_zip_that_cannot_be_opened_leaves_the_listing_incomplete(
    folder: Path, fetch: Fetcher
) -> None:
    """Nobody knows what was in it, so nothing of it may be taken for gone."""
    _zip(folder / "a.zip", {"1.csv": CSV})
    (folder / "a.zip").write_bytes((folder / "a.zip").read_bytes()[:-30])
    _write(folder / "b.csv", CSV)
    items = _read(folder, fetch)
    assert _failures(items) == {"a.zip": "truncated"}
    assert list(_records(items)) == ["b.csv"]
    end = items[-1]
    assert isinstance(end, End)
    assert not end.complete


def test_a_zip_is_no_bomb(folder: Path, fetch: Fetcher) -> None:
    _zip(folder / "bom.zip", {"1.csv": b"0" * 60_000_000})
    assert _failures(_read(folder, fetch)) == {"bom.zip": "too_large"}
    content = bytearray((folder / "bom.zip").read_bytes())
    # A size that is a lie: 1000 bytes are declared, in both places.
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(signature) + offset
        content[at : at + 4] = (1000).to_bytes(4, "little")
    (folder / "bom.zip").write_bytes(content)
    assert _failures(_read(folder, fetch)) == {"bom.zip": "truncated"}


def test_a_zip_with_a_password_says_so(folder: Path, fetch: Fetcher) -> None:
    _zip(folder / "a.zip", {"1.csv": CSV})
    content = bytearray((folder / "a.zip").read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (folder / "a.zip").write_bytes(content)
    assert _failures(_read(folder, fetch)) == {"a.zip": "protected_file"}


def test_names_in_a_zip_written_by_windows(folder: Path, fetch: Fetcher) -> None:
    """UTF-8 without the flag that says so, and the other slash."""
    _zip(folder / "a.zip", {"con/BieuXX.csv": CSV})
    content = (folder / "a.zip").read_bytes()
    (folder / "a.zip").write_bytes(content.replace(b"con/BieuXX", "con\\Biểu".encode()))
    assert list(_records(_read(folder, fetch))) == ["a.zip/con/Biểu.csv"]


def test_a_zip_without_a_workbook_says_so(folder: Path, fetch: Fetcher) -> None:
    _zip(folder / "a.zip", {"anh.png": b"x"})
    assert _failures(_read(folder, fetch)) == {"a.zip": "no_table"}
