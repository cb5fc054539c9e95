"""What does not depend on words is answered as by stock CKAN on its own schema: the same, in order.

The portal and, beside it, CKAN's own action without the portal's hooks, on a core with CKAN's own
schema: the same datasets, the same users, a corpus of queries.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan
import pysolr
import pytest
import requests

from tests.bench._sites import SOLRCONFIG

QUERIES: list[dict[str, Any]] = [
    {},
    {"q": "*:*"},
    {"q": ""},
    {"q": "*:*", "rows": 3},
    {"q": "*:*", "rows": 3, "start": 2},
    {"q": "*:*", "rows": 0},
    {"q": "*:*", "start": 1000},
    {"q": "*:*", "rows": 5000},
    {"sort": "name asc"},
    {"sort": "name desc", "rows": 4, "start": 3},
    {"sort": "title_string asc"},
    {"sort": "metadata_created asc, name desc"},
    {"sort": "metadata_modified desc"},
    {"sort": "rank"},
    {"fq": "tags:đất"},
    {"fq": 'tags:"nước sạch"'},
    {"fq": "res_format:CSV"},
    {"fq": "res_format:(CSV AND PDF)"},
    {"fq": "-res_format:PDF"},
    {"fq": "license_id:CC-BY-4.0 +res_format:CSV"},
    {"fq": "organization:don-vi-b*"},
    {"fq": "metadata_modified:[2020-01-01T00:00:00Z TO *]"},
    {"fq": "metadata_modified:[* TO 2020-01-01T00:00:00Z]"},
    {"fq_list": ["res_format:CSV", "tags:đất"]},
    {"fq": "state:draft"},
    {"fq": "+state:(draft OR active)"},
    {"q": "name:t-0"},
    {"q": "name:(t-1 OR t-2)", "sort": "name asc"},
    {"q": "res_format:CSV", "sort": "name asc"},
    {"q": "tags:đất AND -res_format:PDF", "sort": "name asc"},
    {"include_private": True},
    {"include_drafts": True},
    {"include_private": True, "include_drafts": True, "sort": "name asc"},
    {"include_deleted": True},
    {"use_default_schema": True, "rows": 2},
    {"use_default_schema": True, "include_private": True},
    {"fl": ["name"]},
    {"fl": ["id", "title", "extras_frequency"]},
    {"facet.field": ["tags", "organization", "res_format", "license_id", "groups"]},
    {"facet.field": ["tags"], "facet.limit": 1},
    {"facet.field": ["tags"], "facet.limit": -1, "facet.mincount": 2},
    {"facet.field": ["organization"], "include_private": True, "rows": 0},
    {"facet": "false", "facet.field": ["tags"]},
    {"facet.field": ["capacity", "dataset_type"], "fq": "res_format:PDF"},
]
USERS = ("", "editor", "sysadmin")


@pytest.fixture
def portal(clean_portal: None, with_plugins: None, app: Any) -> dict[str, Any]:
    """Datasets of two agencies, public, private, drafts and a deleted one; and users by role."""
    from ckan.tests import factories, helpers

    with app.flask_app.test_request_context():
        editor, sysadmin = factories.UserWithToken(), factories.SysadminWithToken()
        members = [{"name": editor["name"], "capacity": "editor"}]
        agencies = [
            factories.Organization(name="don-vi-a", title="Sở Y tế", users=members)["id"],
            factories.Organization(name="don-vi-b", title="Sở Tài chính")["id"],
        ]
        context = {"user": sysadmin["name"], "ignore_auth": True}
        for at in range(14):
            fields: dict[str, Any] = {"private": at in (4, 5)}
            fields["access_rights"] = "NON_PUBLIC" if fields["private"] else "PUBLIC"
            if at in (6, 7):
                fields["state"] = "draft"
            formats = [["CSV"], ["CSV", "PDF"], ["PDF"], []][at % 4]
            helpers.call_action(
                "package_create",
                context=dict(context),
                name=f"t-{at}",
                title=f"Đất {'bBa'[at % 3]}ãi số {at}",
                notes=f"Ghi chú “{at}” <b>",
                owner_org=agencies[at % 2],
                theme=["08"],
                frequency="ANNUAL",
                license_id="CC-BY-4.0" if at % 2 else "",
                tags=[{"name": name} for name in [["đất"], ["đất", "nước sạch"], []][at % 3]],
                resources=[
                    {"name": f"Tệp {f}", "format": f, "url": f"https://e.org/{at}.{f}"}
                    for f in formats
                ],
                **fields,
            )
        helpers.call_action("package_delete", context=dict(context), id="t-13")
    tokens = {"": "", "editor": editor["token"], "sysadmin": sysadmin["token"]}
    names = {"": "", "editor": editor["name"], "sysadmin": sysadmin["name"]}
    return {"app": app, "tokens": tokens, "names": names}


@pytest.fixture
def stock_core(solr_url: str) -> Iterator[str]:
    """An empty core with CKAN's own schema."""
    root, name = solr_url.rpartition("/")[0], f"stock-{uuid.uuid4().hex[:8]}"
    conf = Path(os.environ["PORTAL_TEST_HOME"]) / "solr" / name / "conf"
    conf.mkdir(parents=True)
    schema = Path(ckan.__file__).parent / "config" / "solr" / "schema.xml"
    (conf / "schema.xml").write_bytes(schema.read_bytes())
    (conf / "solrconfig.xml").write_text(SOLRCONFIG)
    for words in ("protwords.txt", "synonyms.txt", "stopwords.txt"):
        (conf / words).write_text("")

    def ask(**params: str) -> None:
        requests.get(f"{root}/admin/cores", params=params, timeout=60).raise_for_status()

    ask(action="CREATE", name=name, instanceDir=name)
    yield f"{root}/{name}"
    ask(action="UNLOAD", core=name, deleteInstanceDir="true")


@contextlib.contextmanager
def without_the_portal(core: str) -> Iterator[None]:
    """CKAN as it is: no hook of the portal's for datasets, and the other core."""
    import ckan.plugins as plugins
    from ckan.plugins import toolkit

    own = plugins.PluginImplementations.__iter__

    def others(self: Any) -> Any:
        for plugin in own(self):
            hooks = self.interface is plugins.IPackageController
            if not (hooks and type(plugin).__name__ == "ThanhhoaPlugin"):
                yield plugin

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins.PluginImplementations, "__iter__", others)
        patch.setitem(toolkit.config, "solr_url", core)
        yield


def fill(core: str, app: Any) -> None:
    """Sends the documents that CKAN would send."""
    from ckan import model
    from ckanext.thanhhoa import index_documents

    with app.flask_app.test_request_context(), without_the_portal(core):
        ids = [id_ for (id_,) in model.Session.query(model.Package.id)]
        made, _, failed = index_documents.documents(ids)
        assert not failed
        pysolr.Solr(core, timeout=30).add(list(made.values()), commit=True)


def of_stock(core: str, app: Any, user: str, params: dict[str, Any]) -> Any:
    from ckan import model
    from ckan.logic.action import get

    with app.flask_app.test_request_context(), without_the_portal(core):
        context = {
            "user": user,
            "auth_user_obj": model.User.get(user) if user else model.AnonymousUser(),
            "model": model,
            "session": model.Session,
            "__auth_audit": [],
        }
        return json.loads(json.dumps(get.package_search(context, dict(params))))


def of_the_portal(app: Any, token: str, params: dict[str, Any]) -> Any:
    headers = {"Authorization": token} if token else {}
    answer = app.post("/api/3/action/package_search", json=params, headers=headers)
    return json.loads(answer.body)["result"]


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """The portal gives facets names in words, and so another order; counts are the same.

    Extras of the default schema come in the order in which they were written, which means nothing.
    """
    for dataset in answer["results"]:
        if isinstance(dataset.get("extras"), list):
            dataset["extras"].sort(key=lambda extra: str(extra["key"]))
    items = {
        field: {item["name"]: item["count"] for item in facet["items"]}
        for field, facet in answer["search_facets"].items()
    }
    return {**answer, "search_facets": items}


def test_the_answers_are_those_of_stock(portal: dict[str, Any], stock_core: str) -> None:
    app = portal["app"]
    fill(stock_core, app)
    counts = set()
    for params in QUERIES:
        for user in USERS:
            theirs = of_stock(stock_core, app, portal["names"][user], params)
            ours = of_the_portal(app, portal["tokens"][user], params)
            assert comparable(ours) == comparable(theirs), (user, params)
            counts.add(ours["count"])
    assert len(counts) > 6, "the queries tell the datasets apart"
