"""What must hold of a portal whatever happened to it, once it is at rest.

Each rule is a statement whose rows are violations, or a question to the portal; `violations` gives
them all in words. They say nothing about what a test did, so every test can ask them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

#: (what is wrong, statement over CKAN's database whose rows are the violations).
RULES = (
    (
        "a run is stuck",
        "SELECT id, state, phase FROM thanhhoa.run WHERE state IN ('queued', 'running')",
    ),
    (
        "a run that has ended has a lease",
        "SELECT id, state FROM thanhhoa.run WHERE lease_owner IS NOT NULL "
        "AND state NOT IN ('queued', 'running')",
    ),
    (
        "a line of a plan is not settled although its run has ended",
        "SELECT r.id, r.state, p.remote_id FROM thanhhoa.plan_item p "
        "JOIN thanhhoa.run r ON r.id = p.run_id WHERE p.state = 'pending' "
        "AND r.state IN ('applied', 'failed', 'undone') "
        "OR p.state = 'discarded' AND r.state = 'applied'",
    ),
    (
        "parts of a run are left over",
        "SELECT p.run_id, p.number FROM thanhhoa.part p JOIN thanhhoa.run r ON r.id = p.run_id "
        "WHERE r.state NOT IN ('queued', 'running')",
    ),
    (
        "the counts of a run are not those of its lines",
        "SELECT r.id, r.counts FROM thanhhoa.run r JOIN thanhhoa.plan_item p ON p.run_id = r.id "
        "WHERE r.state = 'applied' AND r.kind = 'run' AND r.expired_at IS NULL "
        "GROUP BY r.id HAVING "
        "(r.counts->>'created')::int <> count(*) FILTER "
        "(WHERE p.action = 'create' AND p.state = 'done')"
        " OR (r.counts->>'updated')::int <> count(*) FILTER "
        "(WHERE p.action = 'update' AND p.state = 'done')"
        " OR (r.counts->>'withdrawn')::int <> count(*) FILTER "
        "(WHERE p.action = 'withdraw' AND p.state = 'done')",
    ),
    (
        "a record's dataset is missing, withdrawn or called otherwise",
        "SELECT r.remote_id, r.name, p.name, p.state FROM thanhhoa.record r "
        "LEFT JOIN package p ON p.id = r.dataset_id WHERE r.active "
        "AND (p.id IS NULL OR p.name <> r.name OR p.state NOT IN ('active', 'deleted'))",
    ),
    (
        "a withdrawn record's dataset is there",
        "SELECT r.remote_id, p.name FROM thanhhoa.record r JOIN package p ON p.id = r.dataset_id "
        "WHERE NOT r.active AND p.state = 'active'",
    ),
    (
        "a harvested dataset is unknown to the ledger",
        "SELECT p.name FROM package p LEFT JOIN thanhhoa.record r ON r.dataset_id = p.id "
        "WHERE p.extras ? 'harvest_source' AND p.state = 'active' AND r.dataset_id IS NULL",
    ),
    (
        "two records have one dataset",
        "SELECT dataset_id, count(*) FROM thanhhoa.record GROUP BY dataset_id HAVING count(*) > 1",
    ),
    ("a name is given twice", "SELECT name FROM package GROUP BY name HAVING count(*) > 1"),
    (
        "a resource is there twice",
        "SELECT package_id, url, name FROM resource WHERE state = 'active' "
        "GROUP BY package_id, url, name HAVING count(*) > 1",
    ),
    (
        "a resource belongs to no dataset",
        "SELECT r.id FROM resource r LEFT JOIN package p ON p.id = r.package_id WHERE p.id IS NULL",
    ),
    (
        "a tag is there twice",
        "SELECT name, count(*) FROM tag WHERE vocabulary_id IS NULL "
        "GROUP BY name HAVING count(*) > 1",
    ),
    (
        "a dataset has a tag twice",
        "SELECT pt.package_id, t.name FROM package_tag pt JOIN tag t ON t.id = pt.tag_id "
        "WHERE pt.state = 'active' GROUP BY pt.package_id, t.name HAVING count(*) > 1",
    ),
    (
        "a dataset is not in its organisation once",
        "SELECT p.name, count(m.id) FROM package p LEFT JOIN member m ON m.table_id = p.id "
        "AND m.table_name = 'package' AND m.capacity = 'organization' AND m.state = 'active' "
        "AND m.group_id = p.owner_org WHERE p.state = 'active' AND p.type = 'dataset' "
        "GROUP BY p.id HAVING count(m.id) <> 1",
    ),
    (
        "a dataset is told to be new twice",
        "SELECT object_id, count(*) FROM activity WHERE activity_type = 'new package' "
        "GROUP BY object_id HAVING count(*) > 1",
    ),
    ("a dataset still waits to be indexed", "SELECT dataset_id, since FROM thanhhoa.to_index"),
    ("a table still waits to be loaded", "SELECT resource_id, digest FROM thanhhoa.to_load"),
)
#: Tables that the ledger says a resource of an active dataset holds: (resource, digest).
HELD_TABLES = (
    "SELECT c.resource_id, c.table_digest FROM thanhhoa.resource_content c "
    "JOIN resource r ON r.id = c.resource_id AND r.state = 'active' "
    "WHERE c.table_digest IS NOT NULL"
)
#: Tables that are there: (name, digest of what they hold).
TABLES = (
    "SELECT relname, coalesce(obj_description(oid, 'pg_class'), '') FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND left(relname, 1) <> '_'"
)


class Looked(Protocol):
    """A portal that can be asked."""

    def rows(self, sql: str, *params: Any, database: str = "ckan") -> list[tuple[Any, ...]]: ...

    @property
    def agent(self) -> Any: ...


def violations(portal: Looked, expected: Mapping[str, set[str]] | None = None) -> list[str]:
    """What is wrong, in words. `expected`: source id -> titles of its active datasets, exactly."""
    found = []
    for what, sql in RULES:
        for row in portal.rows(sql)[:5]:
            found.append(f"{what}: {row}")
    for source_id, titles in (expected or {}).items():
        found += _wrong_datasets(portal, source_id, titles)
    found += _wrong_tables(portal)
    found += [f"the bytes of {digest} are not there" for digest in portal.agent("missing_files")]
    for dataset_id, kind in portal.agent("index_differences")[:5]:
        found.append(f"Solr differs ({kind}): {dataset_id}")
    return found


def _wrong_datasets(portal: Looked, source_id: str, titles: set[str]) -> list[str]:
    query = (
        "SELECT p.title FROM thanhhoa.record r JOIN package p ON p.id = r.dataset_id "
        "WHERE r.source_id = %s AND p.state = 'active'"
    )
    there = [title for (title,) in portal.rows(query, source_id)]
    missing, more = titles - set(there), set(there) - titles
    found = [f"missing: {title}" for title in sorted(missing)[:5]]
    found += [f"not of the source: {title}" for title in sorted(more)[:5]]
    if len(there) != len(set(there)):
        found.append(f"{len(there)} datasets with {len(set(there))} titles")
    return found


def _wrong_tables(portal: Looked) -> list[str]:
    held = dict(portal.rows(HELD_TABLES))
    there = dict(portal.rows(TABLES, database="datastore"))
    found = [
        f"table of resource {id_}: {there.get(id_, 'missing')}, not {digest}"
        for id_, digest in held.items()
        if there.get(id_) != digest
    ]
    return found + [f"a table that nobody holds: {name}" for name in there if name not in held]
