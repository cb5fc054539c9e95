"""What can be wrong with a department's folder: the file fails alone, the others come."""

import hashlib

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.fetch.uploads import Upload
from harvesters.model import Record
from harvesters.registry import settings_of, source_type
from harvesters.settings import parse_config
from tests.bad_inputs import table
from tests.bad_inputs.faults import FILES, GOOD_CSV
from tests.bad_inputs.reading import FETCH, Stopwatch, only_problem, problems, read

LIMITS = {"fetch": {**FETCH, "max_bytes": 1_500_000}}
CELLS = list(table.cells(table.FILES, ("files", "upload")))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tot.csv").write_bytes(GOOD_CSV)
    return tmp_path


def cells_of(type_):
    cells = [(fault, word) for name, fault, word in CELLS if name == type_]
    return pytest.mark.parametrize(("fault", "word"), cells)


def test_every_file_has_its_row():
    assert set(table.rows_of(table.FILES)) == set(FILES)


@cells_of("files")
def test_a_file_that_cannot_be_read_fails_alone(folder, fault, word):
    name, content = FILES[fault]
    (folder / name).write_bytes(content)
    with Stopwatch() as watch:
        items, error = read("files", str(folder), [str(folder)], LIMITS)
    problem = only_problem(items, error)
    assert (problem.code, problem.record) == (table.CODES[word], name)
    assert [item.remote_id for item in items if isinstance(item, Record)] == ["tot.csv"]
    assert items[-1].complete  # the file is there: nothing of it may be withdrawn
    assert watch.seconds < 60


@cells_of("upload")
def test_an_upload_that_cannot_be_read_fails_and_keeps_what_there_is(fault, word):
    name, content = FILES[fault]

    class Kept:
        def current(self):
            return Upload(name, hashlib.sha256(content).hexdigest(), len(content), {})

        def content(self):
            return content

    items, error = [], None
    limits = parse_config(LIMITS).fetch
    with Fetcher((), limits, home="upload://", uploads=Kept()) as fetch:
        try:
            items += source_type("upload").read(settings_of("upload", "upload://", {}), fetch, {})
        except HarvestError as raised:
            error = raised
    problem = only_problem(items, error)
    assert (problem.code, problem.record) == (table.CODES[word], "tep")
    assert not any(isinstance(item, Record) for item in items)


def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("rieng") / "luong.csv"
    elsewhere.write_bytes(GOOD_CSV)
    (folder / "luong.csv").symlink_to(elsewhere)
    items, error = read("files", str(folder), [str(folder)])
    assert [problem.code for problem in problems(items, error)] == ["host_not_granted"]
    assert not any(isinstance(i, Record) and i.remote_id == "luong.csv" for i in items)


def test_a_folder_that_was_not_granted_or_is_not_there(folder):
    assert only_problem(*read("files", str(folder), ["127.0.0.1:80"])).code == "host_not_granted"
    assert only_problem(*read("files", "/etc", [str(folder)])).code == "host_not_granted"
    missing = str(folder / "khong-co")
    assert only_problem(*read("files", missing, [str(folder)])).code == "no_such_file"


def test_a_folder_in_place_of_a_file_address(folder):
    problem = only_problem(*read("files", "so-lieu", [str(folder)]))
    assert problem.code == "bad_setting"
