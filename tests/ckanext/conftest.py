"""A portal for the tests of the CKAN side: our plugins, a request to act in, an agency, a source.

CKAN's tables keep what other tests put there: tests use names and ids of their own.
"""

from __future__ import annotations

import contextvars
import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ckanext.people import SECRET, SOURCE, People, established


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[Any]:
    """CKAN's test application with the configured plugins, in a request context."""
    if "PORTAL_TEST_INI" not in os.environ:
        pytest.skip("PORTAL_TEST_INI names no CKAN to test with: ./portal test sets it")
    import sqlalchemy as sa
    from ckan import model

    request.getfixturevalue("with_plugins")
    app = request.getfixturevalue("app")
    with app.flask_app.test_request_context():
        # What another test left undone is not this one's.
        model.Session.execute(sa.text("TRUNCATE thanhhoa.to_index, thanhhoa.to_load"))
        model.Session.commit()
        yield app
        model.Session.rollback()
        model.Session.remove()


@pytest.fixture
def browse(site: Any) -> Callable[..., Any]:
    """`browse(path, headers=…)`: a request as from outside.

    Within the test's own request context Flask would hand its `g`, and so its user, to the client.
    """

    def get(path: str, **more: Any) -> Any:
        return contextvars.Context().run(site.get, path, **{"follow_redirects": False, **more})

    return get


@pytest.fixture
def agency(site: Any) -> dict[str, Any]:
    """An organisation."""
    from ckan.tests import factories

    name = f"so-{uuid.uuid4().hex[:8]}"
    return factories.Organization(name=name, title="Sở Thông tin và Truyền thông")


@pytest.fixture
def harvest(agency: dict[str, Any]) -> Any:
    """A source of the agency, with its ledger and catalogue: `harvest.apply(changes)`."""
    from tests.ckanext.harvest_rig import Harvest

    return Harvest(agency["id"])


@pytest.fixture
def people(
    clean_ledger: None,
    with_plugins: None,
    with_request_context: None,
    request: pytest.FixtureRequest,
) -> People:
    """An organisation with a user in each role."""
    return established(request.module.__name__)


@pytest.fixture
def source(people: People) -> dict[str, Any]:
    """A source of that organisation, with a grant and a stored secret."""
    name = f"nguon-{uuid.uuid4().hex[:8]}"
    return people.call(
        "sysadmin",
        "thanhhoa_source_create",
        name=name,
        owner_org=people.org["name"],
        allow=["10.0.0.5:8080"],
        secret=SECRET,
        **SOURCE,
    )
