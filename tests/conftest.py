"""Fixtures that several rooms share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

#: Our tables, the order being the truncation's business.
_TABLES = "source, run, run_problem, plan_item, record, blob, to_index, to_load"


@pytest.fixture
def portal(request: pytest.FixtureRequest) -> Iterator[None]:
    """CKAN with the portal's plugins in a request context, and an empty ledger.

    CKAN's own tables keep what other tests put there: use names of your own.
    """
    if "PORTAL_TEST_INI" not in os.environ:
        pytest.skip("PORTAL_TEST_INI names no CKAN to test with: ./portal test sets it")
    import sqlalchemy as sa
    from ckan import model

    request.getfixturevalue("with_plugins")
    context = request.getfixturevalue("app").flask_app.test_request_context()
    with context:
        tables = ", ".join(f"thanhhoa.{name}" for name in _TABLES.split(", "))
        model.Session.execute(sa.text(f"TRUNCATE {tables} CASCADE"))
        model.Session.commit()
        yield
        model.Session.rollback()
        model.Session.remove()
