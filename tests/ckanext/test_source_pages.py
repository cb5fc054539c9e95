"""The clerk's pages: who sees which, what they say, and that a button needs its token."""

from __future__ import annotations

import contextvars
import re
import uuid
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("ckan", reason="the extension lives in CKAN")

PAGES = "/nguon-du-lieu"


@pytest.fixture
def clerk(site: Any, agency: dict[str, Any], harvest: Any) -> Clerk:
    return Clerk(site, agency, harvest)


class Clerk:
    """An editor of an agency that has a source, at the pages."""

    def __init__(self, site: Any, agency: dict[str, Any], harvest: Any) -> None:
        from ckan.tests import factories, helpers
        from ckanext.thanhhoa import sources

        self.site, self.agency, self.harvest = site, agency, harvest
        self.name = sources.by_id(harvest.source_id).name
        user = factories.User(name=f"can-bo-{uuid.uuid4().hex[:8]}")
        helpers.call_action(
            "organization_member_create", id=agency["id"], username=user["name"], role="editor"
        )
        self.token = factories.APIToken(user=user["name"])["token"]
        stranger = factories.User(name=f"la-{uuid.uuid4().hex[:8]}")
        self.foreign = factories.APIToken(user=stranger["name"])["token"]

    def ask(self, path: str, token: str | None = None, method: str = "get") -> Any:
        headers = {"Authorization": token} if token else {}
        request = getattr(self.site, method)
        return contextvars.Context().run(
            request, PAGES + path, headers=headers, follow_redirects=False
        )

    def held(self) -> str:
        """A run that would change one figure and withdraw one dataset, waiting for a person."""
        from ckan import model

        from harvesters.errors import Problem
        from harvesters.model import (
            CellChange,
            Change,
            FieldChange,
            MappedDataset,
            MappedResource,
            TableChange,
        )
        from harvesters.ports import Verdict

        run = self.harvest.run()
        cell = CellChange("Văn phòng UBND tỉnh", "diem", Decimal("962.73"), Decimal("963.5"))
        table = TableChange(
            "r",
            cells=(cell,),
            cells_total=1,
            rows_added=3,
            rows_removed=2,
            columns_added=("moi",),
            rows_before=9,
            rows_after=9,
        )
        columns = [
            {"name": "diem", "title": "Điểm xếp hạng"},
            {"name": "moi", "title": "Cột mới"},
        ]
        id_, fields = str(uuid.uuid4()), {"table_schema": {"fields": columns}}
        dataset = MappedDataset(id_, {"title": "DTI"}, (MappedResource("r", fields),))
        title = FieldChange("title", "Cũ <b>", "Mới <b>")
        name = FieldChange("name", "Bảng cũ", "Bảng mới", "r")
        changes = [
            Change(
                *("update", "dti", id_, dataset),
                title="DTI",
                fields=(title, name, FieldChange("frequency", "ANNUAL", "QUARTERLY")),
                tables=(table,),
            ),
            Change("withdraw", "cu", str(uuid.uuid4()), title="Bộ dữ liệu cũ"),
        ]
        problem = Problem("no_table", "bieu-3.xlsx", "bieu-3.xlsx")
        self.harvest.ledger.begin_plan(run)
        self.harvest.ledger.spool(run, changes, [problem, problem.as_note("bieu-4.xlsx")])
        counts = {"created": 0, "updated": 1, "unchanged": 7, "withdrawn": 1, "failed": 1}
        self.harvest.ledger.judge(run, Verdict(True, counts, ("deletion_quota",)))
        model.Session.commit()
        return run.id


def test_people_without_an_account_are_asked_to_log_in(clerk: Clerk) -> None:
    for path in ("/", f"/{clerk.name}", f"/{clerk.name}/lan-chay/abcdef"):
        answer = clerk.ask(path)
        assert (answer.status_code, "/user/login" in answer.location) == (302, True)


def test_editors_see_their_sources_and_nobody_elses(clerk: Clerk) -> None:
    assert clerk.name in clerk.ask("/", clerk.token).body
    assert clerk.name not in clerk.ask("/", clerk.foreign).body
    assert clerk.ask(f"/{clerk.name}", clerk.token).status_code == 200
    run = clerk.held()
    for path, method in (
        (f"/{clerk.name}", "get"),
        (f"/{clerk.name}/run", "post"),
        (f"/{clerk.name}/kiem-tra", "post"),
        (f"/{clerk.name}/doc-thu", "post"),
        (f"/{clerk.name}/lan-chay/{run}", "get"),
        (f"/{clerk.name}/lan-chay/{run}/approve", "post"),
    ):
        assert clerk.ask(path, clerk.foreign, method).status_code == 403
    assert clerk.ask("/khong-co", clerk.token).status_code == 404
    assert clerk.ask("/khong-co/run", clerk.token, "get").status_code in (404, 405)


def test_a_plan_reads_like_a_letter(clerk: Clerk) -> None:
    run = clerk.held()
    page = clerk.ask(f"/{clerk.name}/lan-chay/{run}", clerk.token).body
    for words in (
        "1 thay đổi, 1 sẽ gỡ, 7 giữ nguyên, 1 bị lỗi",
        "962,73",
        "963,5",
        "Văn phòng UBND tỉnh",
        "Bộ dữ liệu cũ",
        "bieu-3.xlsx",
        "Cũ &lt;b&gt;",
        "Tên bộ dữ liệu",
        "Tên tệp, bảng",
        "<td>Điểm xếp hạng</td>",
        "<del>Hằng năm (ANNUAL)</del>",
        "<ins>Hằng quý (QUARTERLY)</ins>",
        "thêm 3 dòng, bỏ 2 dòng. Cột thêm mới: Cột mới.",
    ):
        assert words in " ".join(page.split())
    assert "<td>diem</td>" not in page
    assert "Cũ <b>" not in page
    tokens = re.findall(r'<input[^>]+name="_csrf_token"', page)
    assert len(tokens) == page.count('method="post"') >= 1


def test_leafing_beyond_the_end_goes_to_the_last_page(clerk: Clerk) -> None:
    run = clerk.held()
    for page in ("9", "999999999999999999999", "-3", "abc"):
        answer = clerk.ask(f"/{clerk.name}/lan-chay/{run}?page={page}", clerk.token)
        assert answer.status_code in (200, 302)


def test_a_run_is_not_shown_under_another_source(clerk: Clerk, agency: dict[str, Any]) -> None:
    from tests.ckanext.harvest_rig import Harvest

    run = clerk.held()
    other = Clerk(clerk.site, agency, Harvest(agency["id"]))
    assert clerk.ask(f"/{other.name}/lan-chay/{run}", other.token).status_code == 404


def test_rejecting_and_asking_again(clerk: Clerk) -> None:
    from ckanext.thanhhoa import runs

    run = clerk.held()
    path = f"/{clerk.name}/lan-chay/{run}"
    assert clerk.ask(f"{path}/reject", clerk.token, "post").status_code == 302
    assert runs.find(run).state == "rejected"
    assert clerk.ask(f"{path}/approve", clerk.token, "post").status_code == 302
    assert runs.find(run).state == "rejected"
    asked = clerk.ask(f"/{clerk.name}/plan", clerk.token, "post")
    assert f"/{clerk.name}/lan-chay/" in asked.location
    following = clerk.ask(asked.location.split(PAGES)[1], clerk.token).body
    assert 'http-equiv="refresh"' in following
    second = clerk.ask(f"/{clerk.name}/run", clerk.token, "post")
    assert second.location.endswith(f"{PAGES}/{clerk.name}")


def test_a_button_pressed_without_its_token_does_nothing(clerk: Clerk) -> None:
    """Also after somebody has called the same page with an API token: CKAN forgets that."""
    from ckan.tests import factories
    from ckanext.thanhhoa import runs

    admin = factories.User(sysadmin=True, password="mat-khau-12345")
    run = clerk.held()
    path = f"{PAGES}/{clerk.name}/lan-chay/{run}/approve"
    assert (
        clerk.ask(f"/{clerk.name}/lan-chay/{run}/approve", clerk.foreign, "post").status_code == 403
    )
    client = clerk.site.flask_app.test_client()

    def press() -> tuple[int, int, int]:
        page = client.get("/user/login").get_data(as_text=True)
        token = re.search(r'name="_csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        form = {"login": admin["name"], "password": "mat-khau-12345", "_csrf_token": token[1]}
        signed_in = client.post("/user/login", data=form).status_code
        without = client.post(path).status_code
        state = runs.find(run).state
        assert state == "held"
        page = client.get(path.removesuffix("/approve")).get_data(as_text=True)
        token = re.search(r'name="_csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        return signed_in, without, client.post(path, data={"_csrf_token": token[1]}).status_code

    assert contextvars.Context().run(press) == (302, 400, 302)
    assert runs.find(run).state == "queued"


@pytest.mark.parametrize(
    ("state", "kind", "failed", "complete", "light"),
    [
        ("", "", 0, True, "idle"),
        ("running", "run", 0, True, "working"),
        ("applied", "run", 0, True, "good"),
        ("applied", "run", 1, True, "attention"),
        ("applied", "run", 0, False, "attention"),
        ("held", "run", 0, True, "attention"),
        ("held", "plan", 0, True, "attention"),
        ("planned", "plan", 0, True, "idle"),
        ("failed", "run", 0, True, "attention"),
        ("rejected", "run", 0, True, "idle"),
    ],
)
def test_the_traffic_light(state: str, kind: str, failed: int, complete: bool, light: str) -> None:
    from ckanext.thanhhoa.source_status import light_of

    assert light_of(state, kind, failed, complete) == light


def test_the_list_of_sources_costs_the_same_for_one_and_for_many(clerk: Clerk) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa.source_status import statuses

    from tests.ckanext.harvest_rig import Harvest

    ids = [Harvest(clerk.agency["id"]).source_id for _ in range(3)]
    counted: list[str] = []

    def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        counted.append(statement)

    engine = model.ensure_engine()
    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        for asked in (ids[:1], ids):
            counted.clear()
            assert len(statuses(asked)) == len(asked)
            assert len(counted) == 3
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)


def test_a_run_that_is_tried_again_says_when(clerk: Clerk) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa.model import run as run_table

    from harvesters.errors import Problem

    run = clerk.harvest.run()
    model.Session.execute(sa.update(run_table).where(run_table.c.id == run.id).values(retries=1))
    model.Session.commit()
    assert clerk.harvest.ledger.put_off(run, Problem("unreachable", "10.0.0.5:80"))
    page = clerk.ask(f"/{clerk.name}/lan-chay/{run.id}", clerk.token).body
    assert "sẽ thử lại lúc" in page
    assert "Không kết nối được tới 10.0.0.5:80" in page


def test_a_trial_shows_the_sources_value_beside_the_portals(clerk: Clerk, tmp_path: Any) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa.model import source

    table = "Đơn vị,Số hộ\nXã A <b>,12\nXã B,8\n"
    (tmp_path / "ho-ngheo.csv").write_text(table, encoding="utf-8")
    values = {
        "url": str(tmp_path),
        "allow": [str(tmp_path)],
        "config": {
            "mapping": {
                "modified": {"const": "30/06/2025"},
                "notes": "title",
                "theme": {"const": "15"},
            }
        },
    }
    row = sa.update(source).where(source.c.id == clerk.harvest.source_id)
    model.Session.execute(row.values(**values))
    model.Session.commit()
    assert "Đọc thử 5 bản ghi" in clerk.ask(f"/{clerk.name}", clerk.token).body
    page = clerk.ask(f"/{clerk.name}/doc-thu", clerk.token, "post")
    assert page.status_code == 200
    for words in ("ho-ngheo.csv", "Ở nguồn", "Trên Cổng", "Chưa ghi gì vào Cổng."):
        assert words in page.body
    assert '<span class="trial-value">30/06/2025</span>' in page.body
    assert "Đã đọc thử 1 bản ghi" in page.body
    assert "<dt>Tên tệp, bảng</dt>" in page.body
    assert "(15)" in page.body


def test_an_undo_is_shown_before_it_is_asked_for(clerk: Clerk) -> None:
    from ckanext.thanhhoa import runs

    from tests.ckanext.harvest_rig import create

    dataset = clerk.harvest.dataset("r", notes="Của lần chạy này")
    run = clerk.harvest.plan([create("r", dataset)])
    clerk.harvest.catalog.apply(run, [create("r", dataset)])
    clerk.harvest.ledger.finish(run, "applied")
    path = f"/{clerk.name}/lan-chay/{run.id}"
    assert f"{path}/hoan-tac" in clerk.ask(path, clerk.token).body
    page = clerk.ask(f"{path}/hoan-tac", clerk.token).body
    for words in ("Hoàn tác lần chạy này?", "Bộ dữ liệu r", "sẽ gỡ", "_csrf_token"):
        assert words in page
    assert clerk.ask(f"{path}/hoan-tac", clerk.foreign).status_code == 403
    assert clerk.ask(f"{path}/hoan-tac", clerk.foreign, "post").status_code == 403
    answer = clerk.ask(f"{path}/hoan-tac", clerk.token, "post")
    undo = answer.location.rsplit("/", 1)[1]
    assert (answer.status_code, runs.find(undo).undoes) == (302, run.id)
    page = clerk.ask(f"/{clerk.name}/lan-chay/{undo}", clerk.token).body
    assert "hoàn tác một lần chạy trước đó" in page


def test_the_edit_page_shows_what_source_and_portal_say_differently(clerk: Clerk) -> None:
    from dataclasses import replace

    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    from harvesters.model import FieldChange
    from tests.ckanext.harvest_rig import create, update

    old = clerk.harvest.dataset("r", notes="Cũ")
    clerk.harvest.apply([create("r", old)])
    here = replace(old, fields={**old.fields, "notes": "Của người phụ trách"})
    harvested = replace(old, fields={**old.fields, "notes": "Của nguồn"})
    conflict = FieldChange("notes", "Của người phụ trách", "Của nguồn")
    clerk.harvest.apply([replace(update("r", here), base=harvested, conflicts=(conflict,))])
    editor = {"Authorization": clerk.token}
    path = f"/dataset/edit/{old.id}"

    def page() -> str:
        return contextvars.Context().run(clerk.site.get, path, headers=editor).body

    shown = page()
    for words in ("Nguồn và Cổng ghi khác nhau", "Của người phụ trách", "Của nguồn", clerk.name):
        assert words in shown
    steward = {"user": factories.Sysadmin()["name"]}
    call_action("package_patch", steward, id=old.id, notes="Của nguồn")
    assert "Nguồn và Cổng ghi khác nhau" not in page()
