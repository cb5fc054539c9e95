import os
import unicodedata

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.settings import Limits


@pytest.fixture
def so(tmp_path):
    """A department's folder, granted."""
    folder = tmp_path / "so-ttt"
    (folder / "năm 2024").mkdir(parents=True)
    (folder / ".tam").mkdir()
    for name in ("b.xlsx", "a.CSV", "~$b.xlsx", ".an.csv", "c.txt", "năm 2024/d.csv", ".tam/e.csv"):
        (folder / name).write_bytes(b"x,y\n")
    return folder


@pytest.fixture
def fetch(so):
    with Fetcher([str(so)], Limits(max_bytes=1000)) as fetcher:
        yield fetcher


def code(function, *args) -> str:
    with pytest.raises(HarvestError) as caught:
        function(*args)
    return caught.value.code


def test_files_are_listed_by_suffix_without_hidden_and_temporary_ones(so, fetch):
    entries = fetch.entries(str(so), [".csv", ".xlsx"])
    assert [entry.path for entry in entries] == ["a.CSV", "b.xlsx", "năm 2024/d.csv"]
    assert fetch.read(entries[2].location).content == b"x,y\n"
    assert entries[0].size == 4


def test_a_file_or_a_file_url_gives_itself(so, fetch):
    (entry,) = fetch.entries(f"file://{so}/c.txt", [".csv"])
    assert (entry.path, entry.size) == ("c.txt", 4)
    assert fetch.read(f"file://{so}/n%C4%83m%202024/d.csv").content == b"x,y\n"


def test_paths_are_nfc_whatever_the_file_system_has(so, fetch):
    name = unicodedata.normalize("NFD", "biểu 3.csv")
    (so / name).write_bytes(b"1")
    entry = next(e for e in fetch.entries(str(so), [".csv"]) if e.path.startswith("bi"))
    assert entry.path == "biểu 3.csv"
    assert fetch.read(entry.location).content == b"1"


def test_the_mark_changes_with_the_file(so, fetch):
    (before,) = fetch.entries(str(so / "b.xlsx"), [])
    (so / "b.xlsx").write_bytes(b"x,z\n")
    os.utime(so / "b.xlsx", ns=(1, 2))
    (after,) = fetch.entries(str(so / "b.xlsx"), [])
    assert before.mark != after.mark
    assert fetch.entries(str(so / "b.xlsx"), []) == (after,)


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc", "file:///etc/passwd", "/"])
def test_what_was_not_granted_is_not_read(fetch, path):
    assert code(fetch.entries, path, []) == "host_not_granted"
    assert code(fetch.read, path) == "host_not_granted"


def test_dots_and_links_do_not_lead_out(so, fetch):
    (so / "mat-khau.csv").symlink_to("/etc/passwd")
    (so / "ngoai").symlink_to("/etc")
    assert code(fetch.read, str(so / ".." / ".." / "x.csv")) == "host_not_granted"
    assert code(fetch.read, str(so / "ngoai" / "passwd")) == "host_not_granted"
    entries = {entry.path: entry for entry in fetch.entries(str(so), [".csv"])}
    assert "ngoai/passwd" not in entries
    assert code(fetch.read, entries["mat-khau.csv"].location) == "host_not_granted"


def test_a_link_that_is_switched_while_being_opened_leads_nowhere(so, fetch, monkeypatch):
    (so / "doi.csv").symlink_to(so / "a.CSV")
    real_open = os.open

    def switch(path, flags, *rest):
        (so / "doi.csv").unlink()
        (so / "doi.csv").symlink_to("/etc/passwd")
        return real_open(path, flags, *rest)

    monkeypatch.setattr(os, "open", switch)
    assert code(fetch.read, str(so / "doi.csv")) == "host_not_granted"


def test_a_link_to_nowhere_is_listed_and_then_missing(so, fetch):
    (so / "mat.csv").symlink_to(so / "khong-co.csv")
    entry = next(e for e in fetch.entries(str(so), [".csv"]) if e.path == "mat.csv")
    assert code(fetch.read, entry.location) == "no_such_file"


def test_a_pipe_does_not_block_and_a_folder_is_no_file(so, fetch):
    os.mkfifo(so / "ong.csv")
    assert code(fetch.read, str(so / "ong.csv")) == "file_not_readable"
    assert code(fetch.read, str(so)) == "file_not_readable"


def test_missing_things_and_large_things(so, fetch):
    (so / "to.csv").write_bytes(b"x" * 1001)
    assert code(fetch.read, str(so / "to.csv")) == "too_large"
    assert code(fetch.read, str(so / "khong.csv")) == "no_such_file"
    assert code(fetch.entries, str(so / "khong"), []) == "no_such_file"
    assert code(fetch.read, "tuong-doi.csv") == "bad_setting"


def test_a_file_without_permission_is_not_readable(so, fetch):
    (so / "a.CSV").chmod(0)
    user = os.geteuid()
    os.seteuid(65534 if user == 0 else user)  # root may read everything
    try:
        assert code(fetch.read, str(so / "a.CSV")) == "file_not_readable"
    finally:
        os.seteuid(user)
