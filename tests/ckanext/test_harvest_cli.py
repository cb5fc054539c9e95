"""`ckan thanhhoa …` as a person or a script calls it: two streams and an exit code.

A process of its own takes seconds to start a CKAN, so most tests call the commands in this one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from tests.ckan_source import Portal, serving

CKAN = Path(sys.executable).with_name("ckan")
DATASETS = 30


class Commands:
    """The commands in this process: `commands("harvest", "run", "x")` as at a terminal."""

    def __init__(self, app: Any):
        self._app = app

    def __call__(self, *arguments: str) -> Result:
        from ckanext.thanhhoa.cli import thanhhoa

        @click.group()
        @click.pass_context
        def ckan(ctx: click.Context) -> None:
            ctx.meta["flask_app"] = self._app

        ckan.add_command(thanhhoa)
        return CliRunner().invoke(ckan, ["thanhhoa", *arguments])

    def json(self, *arguments: str, code: int) -> Any:
        """The one JSON document of a command that must end with that code."""
        done = self(*arguments, "--json")
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)


def process(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CKAN, "thanhhoa", *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def commands(clean_ledger: None, with_plugins: None, app: Any) -> Commands:
    return Commands(app.flask_app)


@pytest.fixture
def org(commands: Commands) -> str:
    from ckan.tests import factories

    return str(factories.Organization(name=f"so-{uuid.uuid4().hex[:8]}")["name"])


@pytest.fixture
def there() -> Iterator[Portal]:
    with serving(DATASETS) as portal:
        yield portal


def test_the_life_of_a_source(commands: Commands, org: str, there: Portal, tmp_path: Path) -> None:
    told, ckan = commands.json, commands
    config = tmp_path / "nguon.yaml"
    config.write_text("guards:\n  withdraw_at_most: 4\n", encoding="utf-8")
    address = there.base.removeprefix("http://")
    added = told(
        *("source", "add", "cong-khac", "--type", "ckan", "--url", there.base, "--org", org),
        *("--allow", address, "--config", str(config), "--schedule", "weekly"),
        code=0,
    )
    assert (added["allow"], added["config"]) == ([address], {"guards": {"withdraw_at_most": 4}})
    assert there.requests == []

    plan = told("harvest", "plan", "cong-khac", code=0)
    assert (plan["state"], plan["created"], plan["complete"]) == ("planned", DATASETS, True)
    assert len(plan["changes"]) == DATASETS
    run = told("harvest", "approve", plan["run"], code=0)
    assert (run["run"], run["state"], run["created"]) == (plan["run"], "applied", DATASETS)

    again = told("harvest", "run", "cong-khac", code=0)
    assert (again["unchanged"], again["created"], again["updated"]) == (DATASETS, 0, 0)

    there.switch(drop=0.5)
    held = told("harvest", "run", "cong-khac", code=3)
    assert (held["state"], held["held_because"]) == ("held", ["deletion_quota"])
    assert held["withdrawn"] == DATASETS / 2
    assert told("harvest", "reject", held["run"][:8], code=0)["state"] == "rejected"
    refused = told("harvest", "approve", held["run"], code=2)
    assert refused["errors"][0]["code"] == "not_waiting"

    there.switch(count=DATASETS)
    partly = told("harvest", "run", "cong-khac", code=1)
    assert (partly["state"], partly["complete"], partly["withdrawn"]) == ("applied", False, 0)

    status = ckan("harvest", "status")
    assert status.exit_code == 0
    assert "cong-khac" in status.stdout
    assert "đã xong" in status.stdout
    shown = ckan("--lang", "en", "harvest", "status", held["run"])
    assert "rejected" in shown.stdout

    asked = ckan("source", "remove", "cong-khac")
    assert asked.exit_code == 2
    assert "--yes" in asked.stderr
    gone = told("source", "remove", "cong-khac", "--yes", "--withdraw", code=0)
    assert (gone["run"]["state"], gone["run"]["withdrawn"]) == ("applied", DATASETS)
    assert told("source", "list", code=0) == []


def test_mistakes_are_said_and_end_with_2(commands: Commands, org: str, tmp_path: Path) -> None:
    told, ckan = commands.json, commands
    add = ("source", "add", "nguon", "--url", "http://10.0.0.5/", "--org", org)
    unknown = ckan(*add, "--type", "ckna")
    assert unknown.exit_code == 2
    assert "[unknown_source_type]" in unknown.stderr
    assert "ckan" in unknown.stderr
    broken = tmp_path / "hong.yaml"
    broken.write_text("mapping: [", encoding="utf-8")
    document = told(*add, "--type", "ckan", "--config", str(broken), code=2)
    assert document["errors"][0]["code"] == "bad_config_file"
    nobody = told(*add[:-1], "khong-co", "--type", "ckan", code=2)
    assert nobody["errors"][0]["code"] == "org_unknown"
    assert told("harvest", "run", "nguon", code=2)["errors"][0]["code"] == "source_unknown"
    assert "Traceback" not in unknown.stderr + ckan("harvest", "status", "khong-co").stderr


def test_an_unreachable_source_fails_with_its_code(commands: Commands, org: str) -> None:
    told = commands.json
    add = ("source", "add", "nguon", "--type", "ckan", "--url", "http://127.0.0.1:9/")
    told(*add, "--org", org, "--allow", "127.0.0.1:9", code=0)
    report = told("harvest", "run", "nguon", code=2)
    assert report["state"] == "failed"
    assert [error["code"] for error in report["errors"]] == ["unreachable"]
    assert told("source", "check", "nguon", code=2)["errors"][0]["code"] == "unreachable"


def test_a_second_run_is_told_that_one_is_under_way(
    commands: Commands, org: str, there: Portal
) -> None:
    """In processes, as two people would: stdout holds one JSON document and nothing else."""
    add = ("source", "add", "nguon", "--type", "ckan", "--url", there.base, "--org", org)
    commands.json(*add, "--allow", there.base.removeprefix("http://"), code=0)
    there.switch(slow=100.0)
    first = subprocess.Popen(
        [CKAN, "thanhhoa", "harvest", "run", "nguon", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not there.requests:
            assert first.poll() is None
            time.sleep(0.01)
        second = process("harvest", "run", "nguon", "--json")
        assert second.returncode == 2
        assert json.loads(second.stdout)["errors"][0]["code"] == "already_running"
        there.switch(slow=0.0)
        stdout, _ = first.communicate(timeout=120)
        assert (first.returncode, json.loads(stdout)["state"]) == (0, "applied")
    finally:
        first.kill()
        first.wait()


def test_a_worker_without_a_jobs_database_says_what_is_missing(tmp_path: Path, ini: str) -> None:
    without = tmp_path / "without.ini"
    lines = [line for line in Path(ini).read_text().splitlines() if "jobs_url" not in line]
    without.write_text("\n".join(lines))
    done = process("worker", CKAN_INI=str(without))
    assert done.returncode == 2
    assert "ckanext.thanhhoa.jobs_url" in done.stderr


def test_help_teaches_in_both_languages(commands: Commands) -> None:
    for command in ("source add", "harvest run", "harvest approve", "worker"):
        done = commands(*command.split(), "--help")
        assert done.exit_code == 0
        assert any(letter in done.stdout for letter in "ăâđêôơưạảấế"), command
        assert " the " in done.stdout or " a " in done.stdout, command


def test_the_index_is_compared_mended_and_rebuilt(
    clean_portal: None, commands: Commands, org: str, there: Portal
) -> None:
    told = commands.json
    add = ("source", "add", "nguon", "--type", "ckan", "--url", there.base, "--org", org)
    told(*add, "--allow", there.base.removeprefix("http://"), code=0)
    told("harvest", "run", "nguon", code=0)
    assert told("index", "check", code=0) == {"total": 0, "differences": []}

    from ckan.lib.search import clear_all

    clear_all()
    found = told("index", "check", code=1)
    assert found["total"] == DATASETS
    assert {one["kind"] for one in found["differences"]} == {"missing"}
    assert told("index", "reconcile", code=0) == {"indexed": DATASETS}
    assert told("index", "check", code=0)["total"] == 0
    rebuilt = told("index", "rebuild", code=0)
    assert (rebuilt["indexed"], rebuilt["refused"]) == (DATASETS, 0)
    assert told("index", "check", code=0)["total"] == 0


def test_a_mapping_is_tried_before_it_is_saved(
    commands: Commands, org: str, httpserver: Any, tmp_path: Path
) -> None:
    rows = [{"ma": f"r{n}", "ten": f"Bộ {n}", "ngay": "30/06/2025"} for n in range(7)]
    httpserver.expect_request("/bo").respond_with_json(rows)
    name = f"json-{uuid.uuid4().hex[:8]}"
    allow = f"127.0.0.1:{httpserver.port}"
    url = httpserver.url_for("/bo")
    added = commands(
        *("source", "add", name, "--type", "rest", "--url", url, "--org", org, "--allow", allow)
    )
    assert added.exit_code == 0, added.output
    found = commands.json("mapping", "test", name, code=2)
    assert found["errors"][0]["code"] == "unexpected_answer"

    config = tmp_path / "thu.yaml"
    config.write_text(
        "read: {id: ma}\nmapping:\n  modified: {from: ngay, date: dd/MM/yyyy}\n"
        "  skip: {ten: Bộ 1}\n",
        encoding="utf-8",
    )
    found = commands.json("mapping", "test", name, "--config", str(config), "--rows", "2", code=0)
    assert [record["wanted"] for record in found["records"]] == [True, False]
    said = commands("mapping", "test", name, "--config", str(config))
    assert said.exit_code == 0
    assert "modified: ngay = 30/06/2025  →  2025-06-30" in said.stdout
    assert "title: title = —; " in said.stdout
    assert "ten = Bộ 0" in said.stdout
    assert "(bộ lọc bỏ qua)" in said.stdout

    config.write_text("mapping: {titel: ten}", encoding="utf-8")
    said = commands("mapping", "test", name, "--config", str(config))
    assert said.exit_code == 2
    assert "mapping.titel" in said.stderr
    assert "title" in said.stderr


def test_rows_of_a_gateway_are_harvested_and_a_figure_that_changes_shows(
    commands: Commands, org: str, httpserver: Any, tmp_path: Path
) -> None:
    rows = [{"nam": 2025, "xa": f"Xã {n}", "ho": str(n), "xem": n} for n in range(1, 6)]
    httpserver.expect_request("/ho").respond_with_handler(lambda request: _json({"ds": rows}))
    config = tmp_path / "cau-hinh.yaml"
    config.write_text(
        "read:\n  records: ds\n  table:\n    {id: ho, title: Số hộ nghèo, key: [nam, xa], "
        "leave_out: [xem], columns: {ho: {title: Số hộ, unit: hộ}}}\n",
        encoding="utf-8",
    )
    name, allow = f"json-{uuid.uuid4().hex[:8]}", f"127.0.0.1:{httpserver.port}"
    added = commands(
        *("source", "add", name, "--type", "rest", "--url", httpserver.url_for("/ho")),
        *("--org", org, "--allow", allow, "--config", str(config)),
    )
    assert added.exit_code == 0, added.output
    first = commands.json("harvest", "run", name, code=0)
    assert (first["created"], first["failed"], first["complete"]) == (1, 0, True)
    rows[0]["xem"] = 99
    again = commands.json("harvest", "run", name, code=0)
    assert (again["unchanged"], again["updated"]) == (1, 0)
    rows[2]["ho"] = "30"
    changed = commands.json("harvest", "run", name, code=0)
    (table,) = changed["changes"][0]["tables"]
    assert [(c["column"], c["before"], c["after"]) for c in table["cells"]] == [("ho", 3, 30)]
    assert table["titles"] == {"ho": "Số hộ"}
    told = commands("harvest", "status", changed["run"]).stdout
    assert "Số hộ: 3 → 30" in told
    assert "Dung lượng: " in told


def _json(data: Any) -> Any:
    from werkzeug import Response

    return Response(json.dumps(data), content_type="application/json")


def test_plans_are_overtaken_undone_and_asked_once(
    commands: Commands, org: str, there: Portal
) -> None:
    told = commands.json
    told(
        *("source", "add", "cong-hoan-tac", "--type", "ckan", "--url", there.base, "--org", org),
        *("--allow", there.base.removeprefix("http://")),
        code=0,
    )
    first = told("harvest", "run", "cong-hoan-tac", code=0)
    assert first["created"] == DATASETS
    there.switch(touch=3)
    plan = told("harvest", "plan", "cong-hoan-tac", code=0)
    there.switch(touch=4)
    held = told("harvest", "approve", plan["run"], code=3)
    assert (held["state"], held["held_because"], held["updated"]) == (
        "held",
        ["source_changed"],
        4,
    )
    applied = told("harvest", "approve", plan["run"], code=0)
    assert (applied["state"], applied["updated"], applied["can_undo"]) == ("applied", 4, True)

    shown = told("harvest", "undo", plan["run"], "--preview", code=0)
    assert [change["action"] for change in shown["changes"]] == ["update"] * 4
    assert "trả về như cũ" in commands("harvest", "undo", plan["run"], "--preview").stdout
    back = told("harvest", "undo", plan["run"], code=0)
    assert (back["kind"], back["state"], back["updated"]) == ("undo", "applied", 4)
    assert told("harvest", "status", plan["run"], code=0)["state"] == "undone"
    assert told("harvest", "undo", plan["run"], code=2)["errors"][0]["code"] == "not_undoable"

    redo = told("harvest", "run", "cong-hoan-tac", code=3)
    assert (redo["held_because"], redo["updated"]) == (["undone_before"], 4)
    told("harvest", "reject", redo["run"], code=0)
    quiet = told("harvest", "run", "cong-hoan-tac", code=0)
    assert (quiet["state"], [note["code"] for note in quiet["notes"]]) == (
        "rejected",
        ["rejected_before"],
    )
    again = told("harvest", "plan", "cong-hoan-tac", code=3)
    assert told("harvest", "approve", again["run"], code=0)["updated"] == 4
    assert told("harvest", "run", "cong-hoan-tac", code=0)["unchanged"] == DATASETS
