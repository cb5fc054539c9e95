"""What pages and answers cost: queries to the database and requests to Solr, however many rows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture
def spent(site: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """Counts of SQL statements and of requests to Solr."""
    import sqlalchemy as sa
    from ckan import model
    from ckanext.thanhhoa import solr_connection

    counts = {"sql": 0, "solr": 0}
    own = solr_connection.Nodes.send

    def statement(*_: Any) -> None:
        counts["sql"] += 1

    def asked(self: Any, *arguments: Any, **more: Any) -> Any:
        counts["solr"] += 1
        return own(self, *arguments, **more)

    monkeypatch.setattr(solr_connection.Nodes, "send", asked)
    engine = model.ensure_engine()
    sa.event.listen(engine, "before_cursor_execute", statement)
    yield counts
    sa.event.remove(engine, "before_cursor_execute", statement)


@pytest.fixture
def fill(agency: dict[str, Any]) -> Callable[[int], list[dict[str, Any]]]:
    """Makes so many datasets of the agency, and as many agencies."""
    from ckan.tests import factories

    def make(number: int) -> list[dict[str, Any]]:
        for _ in range(number):
            factories.Organization(name=f"so-{uuid.uuid4().hex[:8]}", title="Sở")
        common = {"access_rights": "PUBLIC", "frequency": "ANNUAL", "theme": ["08"]}
        file = {"name": "Tệp", "format": "CSV", "url": "https://e.org/a"}
        return [
            _api("package_create", title=f"Thử {uuid.uuid4().hex}", owner_org=agency["id"],
                 resources=[file, file], tags=[{"name": "đất"}], **common)
            for _ in range(number)
        ]  # fmt: skip

    return make


@pytest.mark.parametrize(
    ("path", "sql", "solr"),
    [
        ("/", 3, 1),
        ("/dataset/", 6, 1),
        ("/organization/", 9, 1),
        ("/organization/{agency}", 12, 3),
        ("/api/3/action/package_search?rows=100", 3, 1),
        ("/api/3/action/organization_list?all_fields=true", 6, 1),
    ],
)
def test_more_rows_cost_no_more(
    browse: Callable[..., Any],
    clean_portal: None,
    agency: dict[str, Any],
    fill: Callable[[int], Any],
    spent: dict[str, int],
    path: str,
    sql: int,
    solr: int,
) -> None:
    path = path.format(agency=agency["name"])
    costs = []
    for more in (2, 6):
        fill(more)
        browse(path)  # what a process remembers for a while is remembered
        spent.update(sql=0, solr=0)
        answer = browse(path)
        assert answer.status_code == 200
        costs.append(dict(spent))
    assert costs[0] == costs[1], "the more there is, the more is asked"
    assert costs[1]["sql"] <= sql
    assert costs[1]["solr"] <= solr


def test_a_dataset_page_asks_little(
    browse: Callable[..., Any], fill: Callable[[int], Any], spent: dict[str, int]
) -> None:
    [dataset] = fill(1)
    browse(f"/dataset/{dataset['name']}")
    spent.update(sql=0, solr=0)
    browse(f"/dataset/{dataset['name']}")
    assert spent["solr"] <= 2
    assert spent["sql"] <= 25


def test_what_is_known_costs_one_query(browse: Callable[..., Any], spent: dict[str, int]) -> None:
    tag = browse("/about").headers["ETag"]
    spent.update(sql=0, solr=0)
    assert browse("/about", headers={"If-None-Match": tag}).status_code == 304
    assert spent == {"sql": 1, "solr": 0}


def test_lists_of_organisations_are_those_of_ckan(
    browse: Callable[..., Any], fill: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextlib

    from ckanext.thanhhoa import group_lists

    fill(3)
    wanted = [
        "all_fields=true", "all_fields=true&limit=2&offset=1", "all_fields=true&sort=name desc",
        "all_fields=true&include_groups=true&include_extras=true", "all_fields=false",
        "all_fields=true&organizations=khong-co", "all_fields=true&limit=x",
        "all_fields=true&include_member_count=true", "all_fields=true&q=S%E1%BB%9F",
        "all_fields=true&sort=package_count desc",
    ]  # fmt: skip

    def answers() -> list[Any]:
        paths = (f"/api/3/action/organization_list?{query}" for query in wanted)
        return [(a.status_code, a.json) for a in (browse(path, status=None) for path in paths)]

    ours = answers()
    monkeypatch.setattr(group_lists, "_read", lambda *_: contextlib.nullcontext())
    assert ours == answers()
    assert len(ours[0][1]["result"]) > 3


def test_a_setting_that_is_changed_is_heeded(
    browse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan import model
    from ckan.lib import app_globals
    from ckanext.thanhhoa import asked_once

    asked: list[int] = []
    own = asked_once._check_settings
    monkeypatch.setattr(asked_once, "_check_settings", lambda known: (asked.append(1), own(known)))
    browse("/about")
    browse("/about")
    before = len(asked)
    assert before <= 1
    about = f"Về cổng {uuid.uuid4().hex}"
    model.set_system_info("ckan.site_about", about)
    model.set_system_info("ckan.config_update", uuid.uuid4().hex)
    model.Session.commit()
    browse("/about")
    assert len(asked) == before + 1
    model.delete_system_info("ckan.site_about")
    app_globals.reset()


def _api(action: str, **values: Any) -> Any:
    from ckan.plugins import toolkit

    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return toolkit.get_action(action)({"ignore_auth": True, "user": user}, values)
