"""Canary: what is restricted or not public stays so at every outlet.

The marks below are in an address, a file and a table. None may appear in any answer to an
anonymous caller, and each must appear where a member of the organisation asks.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from harvesters.model import Column, File, Table
from tests.ckanext.harvest_rig import create


class Hidden:
    """A dataset with a link, a file and a table, and ways to ask for it."""

    def __init__(self, harvest: Any, browse: Any, access: str) -> None:
        self.get, self.word = browse, f"ten{uuid.uuid4().hex[:10]}"
        self.secret = f"mat{uuid.uuid4().hex[:10]}"
        self.marks = tuple(f"{self.secret}-{kind}" for kind in ("diachi", "tep", "bang"))
        table = Table((Column("c", "text", "C"),), ((self.marks[2],),))
        self.address = f"https://noi-bo.example/{self.marks[0]}.csv"
        self.link = harvest.resource("r", "liên kết", url=self.address, format="CSV")
        file = File("tep.txt", "text/plain", self.marks[1].encode())
        self.file = harvest.resource("r", "tệp", file=file, format="TXT")
        self.table = harvest.resource("r", "bảng", table=table, format="CSV")
        self.dataset = harvest.dataset(
            "r", [self.link, self.file, self.table], title=f"Tên {self.word}", access_rights=access
        )
        (outcome,) = harvest.apply([create("r", self.dataset)])
        assert outcome.problem is None
        from ckan import model

        self.name = model.Package.get(self.dataset.id).name

    def outlets(self) -> Iterator[str]:
        """Everything that is answered about a dataset, its resources and their content."""
        id_, org = self.dataset.id, self.dataset.id
        api = "/api/3/action/"
        yield f"{api}package_show?id={id_}"
        yield f"{api}package_show?id={id_}&use_default_schema=true"
        for parameters in (
            f"q={self.word}",
            f"q={self.word}&use_default_schema=true",
            f"q={self.word}&fl=*",
            f"q={self.word}&fl=id,data_dict,validated_data_dict,res_url,text,urls",
            f"q={self.word}&include_private=true&include_drafts=true",
            f"q={self.secret}",
            f"q=res_url:*{self.secret}*",
            f"q={self.word}&facet.field=[%22res_url%22,%22urls%22]&rows=0",
        ):
            yield f"{api}package_search?{parameters}"
        yield f"{api}current_package_list_with_resources?limit=1000"
        yield f"{api}resource_search?query=url:{self.secret}"
        yield f"{api}resource_search?query=name:li"
        yield f"{api}package_activity_list?id={id_}&include_data=true"
        yield f"{api}organization_show?id={org}&include_datasets=true"
        for resource in (self.link, self.file, self.table):
            yield f"{api}resource_show?id={resource.id}"
            yield f"{api}resource_view_list?id={resource.id}"
            yield f"{api}datastore_search?resource_id={resource.id}"
            yield f"{api}datastore_info?id={resource.id}"
            yield f"/datastore/dump/{resource.id}"
            yield f"/datastore/dump/{resource.id}?format=json"
            yield f"/dataset/{self.name}/resource/{resource.id}"
            yield f"/dataset/{self.name}/resource/{resource.id}/download"
            yield f"/dataset/{self.name}/resource/{resource.id}/download/x.csv"
            for view in self._views(resource.id):
                yield f"/dataset/{self.name}/resource/{resource.id}/view/{view}"
                yield f"{api}resource_view_show?id={view}"
                yield f"/datatables/ajax/{view}"
        yield f"/dataset/{self.name}"
        yield f"/dataset/?q={self.word}"
        for ending in ("rdf", "ttl", "xml", "jsonld"):
            yield f"/dataset/{self.name}.{ending}"
            yield f"/catalog.{ending}?q={self.word}"
        yield "/feeds/dataset.atom"
        yield f"/feeds/custom.atom?q={self.word}"
        yield f"/dataset/activity/{self.name}"

    def asked(self, headers: dict[str, str] | None = None) -> dict[str, tuple[int, str]]:
        """Each outlet's status and text for this caller."""
        answers = {}
        for path in list(self.outlets()):
            answer = self.get(path, headers=headers or {})
            answers[path] = (answer.status_code, answer.get_data(as_text=True))
        return answers

    def leaks(self, headers: dict[str, str] | None = None) -> list[str]:
        """Where a mark came out, in the answer or as the target of a redirect."""
        found = []
        for path in list(self.outlets()):
            answer = self.get(path, headers=headers or {})
            text = answer.get_data(as_text=True) + answer.headers.get("Location", "")
            if self.secret in path and not _rows(answer):
                continue  # the answer to a search repeats what was asked
            found += [f"{path}: {mark}" for mark in self.marks if mark in text]
        return found

    def _views(self, resource_id: str) -> list[str]:
        from ckan import model

        query = model.Session.query(model.ResourceView.id).filter_by(resource_id=resource_id)
        return [row[0] for row in query]


def _rows(answer: Any) -> bool:
    """Whether a search that named a mark itself found something."""
    result = (answer.get_json(silent=True) or {}).get("result") or {}
    return isinstance(result, dict) and bool(result.get("count"))


@pytest.fixture
def restricted(harvest: Any, browse: Any) -> Hidden:
    return Hidden(harvest, browse, "RESTRICTED")


@pytest.fixture
def not_public(harvest: Any, browse: Any) -> Hidden:
    return Hidden(harvest, browse, "NON_PUBLIC")


def _token(user: dict[str, Any]) -> dict[str, str]:
    from ckan.tests import factories

    return {"Authorization": factories.APIToken(user=user["name"])["token"]}


@pytest.fixture
def stranger(site: Any) -> dict[str, str]:
    """A signed-in user of no organisation."""
    from ckan.tests import factories

    return _token(factories.User())


@pytest.fixture
def member(agency: Any) -> dict[str, str]:
    """A member of the organisation, with the least rights there are."""
    from ckan.tests import factories, helpers

    user = factories.User()
    helpers.call_action(
        "organization_member_create", id=agency["id"], username=user["name"], role="member"
    )
    return _token(user)


def test_nothing_restricted_comes_out(restricted: Hidden, stranger: Any) -> None:
    assert restricted.leaks() == []
    assert restricted.leaks(stranger) == []


def test_no_count_tells_a_restricted_address(restricted: Hidden) -> None:
    for guess in (restricted.secret, f"khong-{restricted.secret}"):
        for more in ("", "&limit=0", "&limit=1", "&offset=5"):
            path = f"/api/3/action/resource_search?query=url:{guess}{more}"
            assert restricted.get(path).json["result"] == {"count": 0, "results": []}
    path = "/api/3/action/resource_search?query=name:l&limit=x"
    assert restricted.get(path).status_code == 409


def test_the_description_of_restricted_data_is_public(restricted: Hidden) -> None:
    answers = restricted.asked()
    for path in (
        f"/api/3/action/package_show?id={restricted.dataset.id}",
        f"/api/3/action/package_search?q={restricted.word}",
        f"/dataset/{restricted.name}",
        f"/dataset/{restricted.name}.ttl",
        f"/catalog.ttl?q={restricted.word}",
    ):
        status, text = answers[path]
        assert status == 200
        assert restricted.word in text


def test_the_content_of_restricted_data_is_refused_in_words(restricted: Hidden) -> None:
    answers = restricted.asked()
    table = restricted.table.id
    for path in (
        f"/api/3/action/datastore_search?resource_id={table}",
        f"/api/3/action/datastore_info?id={table}",
        f"/dataset/{restricted.name}/resource/{restricted.file.id}/download",
        f"/dataset/{restricted.name}/resource/{restricted.link.id}/download",
    ):
        assert answers[path][0] == 403
    assert answers[f"/datastore/dump/{table}"][0] in (403, 404)
    assert not any(status >= 500 for status, _ in answers.values())


def test_a_member_of_the_organisation_reads_it(restricted: Hidden, member: Any) -> None:
    get = restricted.get
    shown = get(f"/api/3/action/package_show?id={restricted.dataset.id}", headers=member)
    resources = {r["id"]: r for r in shown.json["result"]["resources"]}
    assert resources[restricted.link.id]["url"] == restricted.address
    file = urlsplit(resources[restricted.file.id]["url"]).path
    assert get(file, headers=member).data == restricted.marks[1].encode()
    search = f"/api/3/action/datastore_search?resource_id={restricted.table.id}"
    assert get(search, headers=member).json["result"]["records"][0]["c"] == restricted.marks[2]
    views = f"/api/3/action/resource_view_list?id={restricted.table.id}"
    assert len(get(views, headers=member).json["result"]) == 1


def test_nothing_that_is_not_public_comes_out(not_public: Hidden, stranger: Any) -> None:
    for headers in (None, stranger):
        assert not_public.leaks(headers) == []
        for path, (status, text) in not_public.asked(headers).items():
            if not_public.word not in path and not_public.name not in path:
                assert not_public.word not in text, path
            assert status < 500, path
    page = not_public.get(f"/dataset/{not_public.name}")
    assert page.status_code in (302, 403, 404)


def test_open_data_is_open(harvest: Any, browse: Any) -> None:
    """The canary sings: the same outlets do give the marks of a public dataset."""
    public = Hidden(harvest, browse, "PUBLIC")
    found = " ".join(public.leaks())
    for mark in public.marks:
        assert mark in found
    for path, (status, _) in public.asked().items():
        assert status in (200, 302, 400, 403, 404), path
