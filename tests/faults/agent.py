"""What the fault suite asks of CKAN, in a process with the broken portal's own configuration.

A line of JSON ``[function, [argument, …]]`` comes in, ``{"result": …}`` or ``{"error": …}`` goes
out. Whatever fails, the next call begins with a clean session.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Callable
from typing import Any

from ckan import model
from ckan.cli import load_config
from ckan.config.middleware import make_app
from ckan.plugins import toolkit


def add_source(name: str, type_: str, url: str, allow: list[str], config: Any) -> dict[str, str]:
    """A source in an organisation of its own."""
    from ckanext.thanhhoa import registration

    context = {"ignore_auth": True, "user": "admin"}
    org = toolkit.get_action("organization_create")(
        dict(context), {"name": f"so-{uuid.uuid4().hex[:8]}", "title": f"Sở của {name}"}
    )
    values = {
        "name": name,
        "type": type_,
        "url": url,
        "owner_org": org["id"],
        "allow": allow,
        "schedule": "manual",
        "config": config,
    }
    source_id = registration.register(values, "admin", may_grant=True)
    model.Session.commit()
    return {"source": source_id, "org": org["id"], "name": name}


def request_run(name: str, kind: str = "run") -> str | None:
    """Asks for a run as the API does; None when one is under way."""
    from ckanext.thanhhoa import jobs, runs, sources

    from harvesters.errors import HarvestError

    try:
        run_id = runs.request(sources.find(name), kind, "admin", tries_again=2)
    except HarvestError as error:
        if error.code != "already_running":
            raise
        return None
    model.Session.commit()
    jobs.wake([run_id], runs.PERSON)
    return run_id


def cancel(run_id: str) -> None:
    from ckanext.thanhhoa import runs

    runs.cancel(run_id, "admin")
    model.Session.commit()


def approve(run_id: str) -> None:
    from ckanext.thanhhoa import jobs, runs

    runs.approve(run_id, "admin")
    model.Session.commit()
    jobs.wake([run_id], runs.PERSON)


def undo(run_id: str) -> str | None:
    """Asks for an undo; None when the run cannot be taken back (any more)."""
    from ckanext.thanhhoa import jobs, runs
    from ckanext.thanhhoa import undo as undoing

    from harvesters.errors import HarvestError

    try:
        undo_id = undoing.request(run_id, "admin")
    except HarvestError as error:
        if error.code not in ("not_undoable", "undo_expired", "already_running"):
            raise
        return None
    model.Session.commit()
    jobs.wake([undo_id], runs.PERSON)
    return undo_id


def report(run_id: str) -> dict[str, Any]:
    from ckanext.thanhhoa.run_facts import run_report

    return run_report(run_id, changes=0)


def action(name: str, data: dict[str, Any]) -> Any:
    """Any action of CKAN, as the administrator."""
    return toolkit.get_action(name)({"user": "admin", "ignore_auth": True}, data)


def index_differences() -> list[list[str]]:
    """What database and Solr say differently."""
    from ckanext.thanhhoa import reconciler

    return [[difference.dataset_id, difference.kind] for difference in reconciler.check()]


def missing_files() -> list[str]:
    """Digests that a resource holds and whose bytes are not there, or are others."""
    import hashlib

    import sqlalchemy as sa
    from ckan.lib import files
    from ckanext.thanhhoa import originals
    from ckanext.thanhhoa.model import resource_content

    wrong = []
    query = sa.select(resource_content.c.file_digest).where(
        resource_content.c.file_digest.is_not(None)
    )
    for digest in sorted(set(model.Session.execute(query).scalars())):
        data = files.FileData(originals.location(digest))
        held = originals.storage().exists(data) and originals.storage().content(data)
        if not held or hashlib.sha256(held).hexdigest() != digest:
            wrong.append(digest)
    return wrong


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    app = make_app(load_config(os.environ["CKAN_INI"]))
    for line in sys.stdin:
        name, args = json.loads(line)
        function: Callable[..., Any] = globals()[name]
        try:
            with app._wsgi_app.test_request_context():
                answer = {"result": function(*args)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
        finally:
            model.Session.remove()
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
