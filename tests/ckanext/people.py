"""People in every role of an organisation, for tests of what each of them may do."""

from __future__ import annotations

import functools
import uuid
from dataclasses import dataclass, field
from typing import Any

SECRET = "mat-khau-khong-ai-duoc-thay"
SOURCE = {
    "type": "ckan",
    "url": "http://10.0.0.5:8080",
    "config": {"auth": {"type": "api_key", "header": "X-Key"}},
}
ROLES = ("stranger", "foreigner", "member", "editor", "admin")
EVERYBODY = ("nobody", *ROLES, "sysadmin")
EDITORS = {"editor", "admin", "sysadmin"}
ADMINS = {"admin", "sysadmin"}


@dataclass
class People:
    """An organisation with a user in each role, a foreign editor, a sysadmin, and nobody."""

    org: dict[str, Any]
    names: dict[str, str] = field(default_factory=dict)

    def call(self, who: str, action: str, **data: Any) -> Any:
        from ckan.plugins import toolkit

        context = {"user": self.names[who], "ignore_auth": False}
        return toolkit.get_action(action)(context, data)

    def may(self, who: str, action: str, **data: Any) -> bool:
        from ckan.plugins import toolkit

        try:
            toolkit.check_access(action, {"user": self.names[who]}, data)
        except toolkit.NotAuthorized:
            return False
        return True


@functools.cache
def established(module: str) -> People:
    """Made once for a module of tests: none of them changes them."""
    from ckan.tests import factories

    unique = uuid.uuid4().hex[:8]
    users = {name: factories.User(name=f"{name}-{unique}")["name"] for name in ROLES}
    org = factories.Organization(
        name=f"so-{unique}",
        users=[{"name": users[r], "capacity": r} for r in ("member", "editor", "admin")],
    )
    factories.Organization(
        name=f"so-khac-{unique}", users=[{"name": users["foreigner"], "capacity": "admin"}]
    )
    sysadmin = factories.Sysadmin(name=f"sysadmin-{unique}")["name"]
    return People(org, {**users, "nobody": "", "sysadmin": sysadmin})


def held(people: People, source: dict[str, Any], kind: str = "run") -> str:
    """A run of the source that waits for a person."""
    from ckan import model
    from ckanext.thanhhoa import runs
    from ckanext.thanhhoa.ledger import Ledger

    from harvesters.model import Change
    from harvesters.ports import Verdict

    report = people.call("editor", f"thanhhoa_harvest_{kind}", source=source["name"])
    run = runs.acquire(report["run"], "test")
    assert run is not None
    ledger = Ledger()
    ledger.spool(run, [Change("withdraw", f"r{n}", str(uuid.uuid4())) for n in range(3)], [])
    counts = {"created": 0, "updated": 0, "unchanged": 0, "withdrawn": 3, "failed": 0}
    ledger.judge(run, Verdict(True, counts, ("deletion_quota",)))
    model.Session.commit()
    return run.id
