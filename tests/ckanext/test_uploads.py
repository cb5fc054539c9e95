"""A clerk's file: taken, shown, planned, replaced; and the pages on which a source is added."""

from __future__ import annotations

import contextvars
import io
import re
import uuid
from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

PAGES = "/nguon-du-lieu"
CSV = "Xã;Số hộ\nHà Trung;120\nNga Sơn;95\n"


class Clerk:
    """An agency with an editor and an admin, a foreign admin, a sysadmin; and the pages."""

    def __init__(self, site: Any) -> None:
        from ckan.tests import factories

        unique = uuid.uuid4().hex[:6]
        self.site = site
        roles = ("editor", "admin", "foreigner")
        users = {role: factories.User(name=f"{role}-{unique}")["name"] for role in roles}
        self.org = factories.Organization(
            name=f"so-{unique}",
            title="Sở Nông nghiệp và Môi trường",
            users=[{"name": users[r], "capacity": r} for r in ("editor", "admin")],
        )
        factories.Organization(users=[{"name": users["foreigner"], "capacity": "admin"}])
        self.users = {**users, "sysadmin": factories.Sysadmin(name=f"quan-tri-{unique}")["name"]}
        self.tokens = {
            who: factories.APIToken(user=name)["token"] for who, name in self.users.items()
        }
        self.name = f"tep-{unique}"

    def call(self, who: str, action: str, **data: Any) -> Any:
        from ckan.plugins import toolkit

        return toolkit.get_action(action)({"user": self.users[who], "ignore_auth": False}, data)

    def add(self, **more: Any) -> dict[str, Any]:
        """The source whose file is uploaded."""
        values = {"name": self.name, "owner_org": self.org["id"], "type": "upload"}
        return dict(self.call("admin", "thanhhoa_source_create", **values, **more))

    def upload(self, text: str | bytes, name: str = "bao-cao.csv", who: str = "editor") -> Any:
        from werkzeug.datastructures import FileStorage

        content = text.encode() if isinstance(text, str) else text
        return self.call(
            who,
            "thanhhoa_source_upload",
            id=self.name,
            upload=FileStorage(io.BytesIO(content), name),
        )

    def ask(self, path: str, who: str = "editor", **more: Any) -> Any:
        """A page, as from outside."""
        request = self.site.post if "data" in more else self.site.get
        headers = {"Authorization": self.tokens[who]}
        return contextvars.Context().run(
            request, PAGES + path, headers=headers, follow_redirects=False, **more
        )


@pytest.fixture
def clerk(clean_ledger: None, site: Any) -> Clerk:
    return Clerk(site)


def _work(run_id: str) -> str | None:
    from ckanext.thanhhoa.work import work

    return work(run_id)


def _report(clerk: Clerk, run: str) -> Any:
    return clerk.call("editor", "thanhhoa_harvest_status", run=run)


def _refused(function: Any, *args: Any, **more: Any) -> str:
    from ckan.plugins import toolkit

    with pytest.raises(toolkit.ValidationError) as caught:
        function(*args, **more)
    return str(caught.value.error_dict["code"][0])


def test_a_file_is_planned_approved_and_replaced_figure_by_figure(clerk: Clerk) -> None:
    clerk.add()
    first = clerk.upload(CSV)
    assert (first["file"]["name"], first["file"]["size"]) == ("bao-cao.csv", len(CSV.encode()))
    assert _work(first["run"]) == "planned"
    clerk.call("editor", "thanhhoa_harvest_approve", run=first["run"])
    assert _work(first["run"]) == "applied"

    second = clerk.upload(CSV.replace("95", "96"), "báo cáo (bản cuối).csv")
    assert _work(second["run"]) == "planned"
    report = _report(clerk, second["run"])
    assert (report["created"], report["updated"], report["withdrawn"]) == (0, 1, 0)
    cells = [cell for change in report["changes"] for t in change["tables"] for cell in t["cells"]]
    assert [(cell["before"], cell["after"]) for cell in cells] == [(95, 96)]


def test_the_same_file_again_changes_nothing(clerk: Clerk) -> None:
    clerk.add()
    run = clerk.upload(CSV)["run"]
    _work(run)
    clerk.call("editor", "thanhhoa_harvest_approve", run=run)
    _work(run)
    again = clerk.upload(CSV)["run"]
    _work(again)
    assert _report(clerk, again)["unchanged"] == 1
    assert _report(clerk, again)["changes"] == []


MAY_UPLOAD = {"editor": True, "admin": True, "sysadmin": True, "foreigner": False}


def test_who_may_upload(clerk: Clerk) -> None:
    from ckan.plugins import toolkit

    clerk.add()
    for action in ("thanhhoa_source_upload", "thanhhoa_source_preview"):
        for who, may in {
            "editor": True,
            "admin": True,
            "sysadmin": True,
            "foreigner": False,
        }.items():
            context = {"user": clerk.users[who]}
            try:
                toolkit.check_access(action, context, {"id": clerk.name})
                allowed = True
            except toolkit.NotAuthorized:
                allowed = False
            assert allowed is may, (action, who)
    with pytest.raises(toolkit.NotAuthorized):
        clerk.upload(CSV, who="foreigner")


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"MZ\x90", "tro-choi.exe", "upload_refused"),
        (b"", "rong.xlsx", "upload_refused"),
        (b" \n\x00", "rong.csv", "upload_refused"),
        (b"x", "", "upload_refused"),
    ],
)
def test_what_is_not_taken_says_why_and_leaves_the_file_before(
    clerk: Clerk, content: bytes, name: str, code: str
) -> None:
    clerk.add()
    clerk.upload(CSV)
    assert _refused(clerk.upload, content, name or "x") == code
    kept = clerk.call("editor", "thanhhoa_source_preview", id=clerk.name)["file"]
    assert kept["name"] == "bao-cao.csv"


def test_a_file_that_is_too_large_is_refused(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk.add()
    monkeypatch.setattr("ckanext.thanhhoa.config.upload_bytes", lambda: len(CSV.encode()))
    assert clerk.upload(CSV)["file"]["size"] == len(CSV.encode())
    assert _refused(clerk.upload, CSV + "x") == "too_large"


def test_a_path_in_a_files_name_is_only_a_name(clerk: Clerk) -> None:
    clerk.add()
    for given in ("../../etc/bao-cao.csv", "C:\\Users\\so\\bao-cao.csv"):
        assert clerk.upload(CSV, given)["file"]["name"] == "bao-cao.csv"


def test_only_a_source_of_that_type_takes_a_file(clerk: Clerk) -> None:
    clerk.call(
        "admin",
        "thanhhoa_source_create",
        name=clerk.name,
        owner_org=clerk.org["id"],
        type="files",
        url="/srv/khong-co",
    )
    assert _refused(clerk.upload, CSV) == "bad_setting"


def test_what_is_said_of_a_file_changes_how_it_is_read_and_stays(clerk: Clerk) -> None:
    clerk.add()
    text = "Báo cáo;;\nXã;Số hộ;Tỷ lệ\nHà Trung;120;1.5\nNga Sơn;95;2.5\n"
    clerk.upload(text)
    said = {"title": "Số hộ theo xã", "header": {"*": "2-2"}, "decimal": "."}
    clerk.call("editor", "thanhhoa_source_upload", id=clerk.name, hints=said)
    found = clerk.call("editor", "thanhhoa_source_preview", id=clerk.name)
    (dataset,) = found["datasets"]
    assert dataset["title"] == "Số hộ theo xã"
    assert [column["title"] for column in dataset["tables"][0]["columns"]] == [
        "Xã",
        "Số hộ",
        "Tỷ lệ",
    ]
    assert [str(row[2]) for row in dataset["tables"][0]["rows"]] == ["1.5", "2.5"]
    clerk.upload(text.replace("95", "97"))
    assert clerk.call("editor", "thanhhoa_source_preview", id=clerk.name)["file"]["hints"] == said
    wrong = {"decimal": "phẩy"}
    assert _refused(
        clerk.call, "editor", "thanhhoa_source_upload", id=clerk.name, hints=wrong
    ) == "bad_setting"  # fmt: skip


def test_a_preview_says_in_words_what_is_wrong(clerk: Clerk) -> None:
    clerk.add()
    clerk.upload(b"PK\x03\x04" + bytes(200), "hong.xlsx")
    found = clerk.call("editor", "thanhhoa_source_preview", id=clerk.name)
    assert [error["code"] for error in found["errors"]] == ["truncated"]
    assert "hong.xlsx" in found["errors"][0]["message"]
    assert found["datasets"] == []


def test_before_the_first_file_a_plan_fails_and_withdraws_nothing(clerk: Clerk) -> None:
    clerk.add()
    run = clerk.call("editor", "thanhhoa_harvest_plan", source=clerk.name)["run"]
    assert _work(run) == "failed"
    assert [error["code"] for error in _report(clerk, run)["errors"]] == ["no_upload"]


def test_the_command_line_takes_a_file(clerk: Clerk, tmp_path: Any) -> None:
    from tests.ckanext.test_harvest_cli import Commands

    commands = Commands(clerk.site.flask_app)
    clerk.add()
    path = tmp_path / "quý 1.csv"
    path.write_text(CSV, encoding="utf-8")
    done = contextvars.Context().run(
        commands.json, "source", "upload", clerk.name, str(path), code=0
    )
    assert done["file"]["name"] == "quý 1.csv"
    (tmp_path / "x.exe").write_bytes(b"x")
    refused = contextvars.Context().run(
        commands, "source", "upload", clerk.name, str(tmp_path / "x.exe")
    )
    assert refused.exit_code == 2
    assert "chỉ nhận tệp Excel" in refused.output
    found = contextvars.Context().run(
        commands.json, "source", "probe", str(path), "--allow", str(tmp_path), code=0
    )
    assert [match["type"] for match in found["matches"]] == ["files"]


def test_the_page_of_a_file_shows_what_was_read_and_one_button(clerk: Clerk) -> None:
    clerk.add()
    empty = clerk.ask(f"/{clerk.name}/tep").body
    assert 'type="file"' in empty
    sent = {"upload": (io.BytesIO(CSV.encode()), "bao-cao.csv")}
    answer = clerk.ask(f"/{clerk.name}/tep", data=sent)
    assert answer.status_code == 302
    page = clerk.ask(f"/{clerk.name}/tep").body
    assert 'http-equiv="refresh"' in page
    run = re.search(
        rf"{PAGES}/{clerk.name}/lan-chay/([0-9a-f-]+)", clerk.ask(f"/{clerk.name}").body
    )
    assert run is not None
    _work(run[1])
    page = clerk.ask(f"/{clerk.name}/tep").body
    for words in ("Nga Sơn", "Số hộ", "số nguyên", "Duyệt và công bố", "Dòng tiêu đề đầu"):
        assert words in page, words
    assert page.count('method="post"') == len(re.findall(r'<input[^>]+name="_csrf_token"', page))
    form = {"sheet": "", "take": "0", "title": "Số hộ", "first-0": "1", "last-0": ""}
    assert clerk.ask(f"/{clerk.name}/tep/cach-doc", data=form).status_code == 302
    found = clerk.call("editor", "thanhhoa_source_preview", id=clerk.name)
    assert found["file"]["hints"] == {"title": "Số hộ", "header": {"*": "1-1"}}
    assert clerk.ask(f"/{clerk.name}/tep", "foreigner").status_code == 403


def test_the_page_of_a_file_writes_years_and_days_as_such(clerk: Clerk) -> None:
    clerk.add()
    lines = "Xã;Năm;Ngày họp;Số hộ\nHà Trung;2024;30/06/2026;1200\nNga Sơn;2024;01/07/2026;95\n"
    clerk.upload(lines)
    page = clerk.ask(f"/{clerk.name}/tep").body
    shown = page[page.index('<table class="changes peek">') :]
    for cell in ("<td>2024</td>", "<td>30/06/2026</td>", '<td class="figure">1.200</td>'):
        assert cell in shown, cell


def test_an_admin_adds_and_changes_a_source_on_a_page(clerk: Clerk) -> None:
    form = {
        "name": "Báo cáo quý của Sở",
        "type": "ckan",
        "url": "https://du-lieu.example.vn",
        "owner_org": clerk.org["id"],
        "schedule": "monthly",
        "auth_type": "api_key",
        "header": "X-Key",
        "secret": "khoa-rat-mat",
    }
    made = clerk.ask("/-/them", "admin", data=form)
    assert made.status_code == 302
    assert made.location.endswith(f"{PAGES}/bao-cao-quy-cua-so")
    source = clerk.call("admin", "thanhhoa_source_show", id="bao-cao-quy-cua-so")
    assert (source["has_secret"], source["allow"], source["schedule"]) == (True, [], "monthly")
    assert source["config"]["auth"]["header"] == "X-Key"

    page = clerk.ask("/bao-cao-quy-cua-so/sua", "admin").body
    assert "https://du-lieu.example.vn" in page
    assert "khoa-rat-mat" not in page
    changed = {**form, "secret": "", "schedule": "daily"}
    assert clerk.ask("/bao-cao-quy-cua-so/sua", "admin", data=changed).status_code == 302
    source = clerk.call("admin", "thanhhoa_source_show", id="bao-cao-quy-cua-so")
    assert (source["has_secret"], source["schedule"]) == (True, "daily")
    assert clerk.ask("/bao-cao-quy-cua-so/sua", "editor").status_code == 403
    assert clerk.ask("/-/them", "editor").status_code == 403
    assert clerk.ask("/-/them", "editor", data=form).status_code == 403


def test_what_the_form_does_not_show_stays_as_it_is(clerk: Clerk) -> None:
    config = {"mapping": {"theme": {"const": ["01"]}}, "guards": {"withdraw_at_most": 3}}
    clerk.add(config=config)
    form = {"type": "upload", "owner_org": clerk.org["id"], "schedule": "manual"}
    assert clerk.ask(f"/{clerk.name}/sua", "admin", data=form).status_code == 302
    assert clerk.call("admin", "thanhhoa_source_show", id=clerk.name)["config"] == config


def test_a_form_with_a_mistake_comes_back_with_it_and_without_the_password(clerk: Clerk) -> None:
    form = {
        "name": "so",
        "type": "ckan",
        "url": "https://du-lieu.example.vn/?api_key=lo-mat",
        "owner_org": clerk.org["id"],
        "secret": "khoa-rat-mat",
    }
    page = clerk.ask("/-/them", "admin", data=form)
    assert page.status_code == 200
    assert "có chứa khóa truy cập" in page.body
    assert "khoa-rat-mat" not in page.body


def test_a_sysadmin_recognises_an_address_and_grants_it(clerk: Clerk) -> None:
    from tests.ckan_source import serving

    with serving(7) as there:
        form = {"url": there.base, "name": "cong", "owner_org": clerk.org["id"], "allow": "",
                "grant_own": "1"}  # fmt: skip
        page = clerk.ask("/-/nhan-dang", "sysadmin", data=form).body
        assert re.search(r'<option value="ckan" selected>', page)
        assert "(7 bộ dữ liệu)" in page
        denied = clerk.ask("/-/nhan-dang", "admin", data={"url": there.base}).body
        assert "chưa được phép truy cập" in denied
        assert clerk.ask("/-/nhan-dang", "editor", data=form).status_code == 403
        made = clerk.ask("/-/them", "sysadmin", data={**form, "type": "ckan"})
        assert made.status_code == 302
        allow = clerk.call("sysadmin", "thanhhoa_source_show", id="cong")["allow"]
        assert allow == [there.base.removeprefix("http://")]
        found = clerk.call("admin", "thanhhoa_source_probe", url=there.base)
        assert [match["type"] for match in found["matches"]] == ["ckan"]
