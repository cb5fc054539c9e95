"""Map catalogues and sensors harvested into a real catalogue: all of it passes its validators."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import yaml

pytest.importorskip("ckan", reason="the extension lives in CKAN")

from tests.ckanext.test_harvest_cli import Commands
from tests.contracts import specimen

CASES = {
    "csw/iso_pages": 4,
    "ogcapi/records": 3,
    "wfs/mapserver_1_0": 2,
    "sensorthings/frost": 2,
}


@pytest.fixture
def commands(clean_ledger: None, with_plugins: None, app: Any) -> Commands:
    return Commands(app.flask_app)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_specimen_is_harvested_whole_and_then_unchanged(
    commands: Commands, tmp_path: Any, name: str
) -> None:
    from ckan.plugins import toolkit
    from ckan.tests import factories

    org = str(factories.Organization(name=f"so-{uuid.uuid4().hex[:8]}")["name"])
    (case,) = [case for case in specimen.cases(name.partition("/")[0]) if case.name == name]
    config = tmp_path / "nguon.yaml"
    config.write_text(yaml.safe_dump(case.config.get("config") or {}), encoding="utf-8")
    with specimen.opened(case) as read:
        base = read.words["base"]  # type: ignore[attr-defined]
        url = case.config["url"].format(base=base)
        commands.json(
            *("source", "add", "ban-do", "--type", case.type, "--url", url, "--org", org),
            *("--allow", base.removeprefix("http://"), "--config", str(config)),
            code=0,
        )
        run = commands.json("harvest", "run", "ban-do", code=0)
        again = commands.json("harvest", "run", "ban-do", code=0)
    assert (run["state"], run["created"], run["failed"]) == ("applied", CASES[name], 0)
    assert run["complete"]
    assert (again["unchanged"], again["created"], again["updated"]) == (CASES[name], 0, 0)
    found = toolkit.get_action("package_search")(
        {"ignore_auth": True}, {"fq": f"organization:{org}", "rows": 10}
    )["results"]
    if not found:  # indexed after the commit: the database tells as well
        found = toolkit.get_action("organization_show")(
            {"ignore_auth": True}, {"id": org, "include_datasets": True}
        )["packages"]
    titles = {package["title"] for package in found}
    expected = {item.fields["title"] for item in _records(case)}
    assert titles == expected
    if name.startswith("sensor"):
        tables = [r for p in found for r in p["resources"] if r.get("datastore_active")]
        assert len(tables) == 1
        rows = toolkit.get_action("datastore_search")(
            {"ignore_auth": True}, {"resource_id": tables[0]["id"], "sort": "thoi_diem"}
        )
        assert rows["total"] == 5
        assert {row["don_vi"] for row in rows["records"]} == {"m", "mm"}


def _records(case: specimen.Case) -> list[Any]:
    with specimen.opened(case) as read:
        return [item for item in read() if hasattr(item, "fields")]
