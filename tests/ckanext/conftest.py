"""A portal for the tests of the CKAN side: our plugins, a request to act in, an agency, a source.

CKAN's tables keep what other tests put there: tests use names and ids of their own.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[Any]:
    """CKAN's test application with the configured plugins, in a request context."""
    if "PORTAL_TEST_INI" not in os.environ:
        pytest.skip("PORTAL_TEST_INI names no CKAN to test with: ./portal test sets it")
    from ckan import model

    request.getfixturevalue("with_plugins")
    app = request.getfixturevalue("app")
    with app.flask_app.test_request_context():
        yield app
        model.Session.rollback()
        model.Session.remove()


@pytest.fixture
def agency(site: Any) -> dict[str, Any]:
    """An organisation."""
    from ckan.tests import factories

    name = f"so-{uuid.uuid4().hex[:8]}"
    return factories.Organization(name=name, title="Sở Thông tin và Truyền thông")


@pytest.fixture
def harvest(agency: dict[str, Any]) -> Any:
    """A source of the agency, with its ledger and catalogue: `harvest.apply(changes)`."""
    from harvest_rig import Harvest

    return Harvest(agency["id"])
