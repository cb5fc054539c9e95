"""What can be wrong with a department's folder: the file fails alone, the others come."""

import io
import zipfile

import openpyxl
import pytest

from harvesters.model import Record
from tests.bad_inputs.reading import Stopwatch, only_problem, problems, read

GOOD = "Xã,Dân số\nHạc Thành,12345\nSầm Sơn,6789\nBỉm Sơn,4567\n".encode()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tot.csv").write_bytes(GOOD)
    return tmp_path


def workbook(*rows) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def bomb() -> bytes:
    """A sheet of 200 MB of blanks in a workbook of less than one."""
    out = io.BytesIO()
    old = zipfile.ZipFile(io.BytesIO(workbook(["a"])))
    with old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b"<sheetData>", b"<sheetData>" + b" " * 200_000_000)
            new.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("khong-bang.xlsx", workbook(["Báo cáo đang cập nhật"]), "no_table"),
        ("trong.xlsx", workbook(), "no_table"),
        ("rong.csv", b"", "no_table"),
        ("tcvn3.csv", b"X\xb7,D\xa9n s\xe8\nH\xb9c Th\xb5nh,1\n", "unknown_encoding"),
        ("hong.xlsx", workbook(["a", "b"], ["x", 1])[:900], "truncated"),
        ("khong-phai.xlsx", b"xin chao", "no_table"),
        ("bom.xlsx", bomb(), "too_large"),
        ("qua-lon.csv", b"a,b\n" + b"1,2\n" * 400_000, "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_read_fails_alone(folder, name, content, code):
    (folder / name).write_bytes(content)
    config = {"fetch": {"max_bytes": 1_500_000}}
    with Stopwatch() as watch:
        items, error = read("files", str(folder), [str(folder)], config)
    problem = only_problem(items, error)
    assert (problem.code, problem.record) == (code, name)
    assert [item.remote_id for item in items if isinstance(item, Record)] == ["tot.csv"]
    assert items[-1].complete  # the file is there: nothing of it may be withdrawn
    assert watch.seconds < 60


def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("rieng") / "luong.csv"
    elsewhere.write_bytes(GOOD)
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
