"""`/metrics`: who may read it, and that it says what is so."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harvesters.errors import Problem
from tests.ckanext.harvest_rig import Harvest, create


def _values() -> dict[tuple[str, str], float]:
    from ckanext.thanhhoa.metrics import exposition

    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(exposition().decode())
        for sample in family.samples
    }


def test_it_says_what_is_so(harvest: Harvest) -> None:
    from ckan import model
    from ckanext.thanhhoa import index, sources

    harvest.apply([create(n, harvest.dataset(n)) for n in ("a", "b")])
    name = sources.by_id(harvest.source_id).name
    run = harvest.run()
    harvest.ledger.finish(run, "failed", Problem("unreachable", "http://127.0.0.1:1"))
    with index.deferred():
        index.mark(["không có"])
        model.Session.commit()
    said = _values()
    assert said["thanhhoa_up", ""] == 1
    assert said["thanhhoa_source_datasets", name] == 2
    assert said["thanhhoa_source_needs_attention", name] == 1
    assert 0 <= said["thanhhoa_source_last_success_age_seconds", name] < 600
    assert said["thanhhoa_index_backlog", ""] == 1
    assert said["thanhhoa_runs", "failed"] >= 1


def test_it_is_for_those_who_run_the_portal(
    site: Any, browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan.plugins import toolkit
    from ckan.tests import factories

    assert browse("/metrics").status_code == 403
    user = {"Authorization": factories.UserWithToken()["token"]}
    assert browse("/metrics", headers=user).status_code == 403
    assert browse("/metrics", headers={"Authorization": "Bearer "}).status_code == 403
    admin = {"Authorization": factories.SysadminWithToken()["token"]}
    assert "thanhhoa_up" in browse("/metrics", headers=admin).body
    monkeypatch.setitem(toolkit.config, "ckanext.thanhhoa.metrics_token", "mat-ma")
    assert browse("/metrics", headers={"Authorization": "Bearer sai"}).status_code == 403
    assert browse("/metrics", headers={"Authorization": "Bearer mat-ma"}).status_code == 200
