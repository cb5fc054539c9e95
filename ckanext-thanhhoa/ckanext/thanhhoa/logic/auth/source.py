"""Who may see and change sources: editors of the organisation see, its admins change.

Only sysadmins grant access to hosts and folders, or let a source use a secret of the server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import authz
from ckan.plugins import toolkit
from ckan.types import AuthResult, Context, DataDict
from ckanext.thanhhoa import registration, sources
from ckanext.thanhhoa.logic.refusals import refusal

from harvesters.errors import HarvestError

#: What an organisation's editors, and what only its admins may (CKAN's permission names).
EDITOR, ADMIN = "update_dataset", "admin"


def has_role(context: Context, org_id: str, permission: str) -> AuthResult:
    """Whether the user has that permission in the organisation."""
    user = context.get("user", "")
    if user and authz.has_user_permission_for_group_or_org(org_id, user, permission):
        return {"success": True}
    return {
        "success": False,
        "msg": toolkit._("Not authorized for the sources of this organization"),
    }


def of_source(permission: str) -> Callable[[Context, DataDict], AuthResult]:
    """An auth function that looks up the source's organisation."""

    def allowed(context: Context, data_dict: DataDict) -> AuthResult:
        try:
            row = sources.find(str(data_dict.get("id") or data_dict.get("source") or ""))
        except HarvestError as error:
            raise refusal(error.problem, "vi") from error
        return has_role(context, row.org_id, permission)

    return allowed


def source_create(context: Context, data_dict: DataDict) -> AuthResult:
    """Admins of the organisation that the source is to belong to."""
    try:
        org = registration.organization(str(data_dict.get("owner_org") or ""))
    except HarvestError as error:
        raise refusal(error.problem, "vi") from error
    return has_role(context, org.id, ADMIN)


def source_update(context: Context, data_dict: DataDict) -> AuthResult:
    """Admins of the source's organisation, and of the one it is handed over to."""
    here = of_source(ADMIN)(context, data_dict)
    if not here["success"] or "owner_org" not in data_dict:
        return here
    return source_create(context, data_dict)


def mapping_test(context: Context, data_dict: DataDict) -> AuthResult:
    """Editors of the organisation; with a configuration of their own, those who may save one.

    What is read (a query, a path) is decided by those who may change the source.
    """
    return of_source(ADMIN if data_dict.get("config") else EDITOR)(context, data_dict)


def source_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever is signed in: the list holds only what they may see."""
    return {"success": bool(context.get("user"))}


def organizations_of(user: str) -> list[str]:
    """Ids of the organisations that a person administers; a sysadmin all."""
    found = toolkit.get_action("organization_list_for_user")({"user": user}, {"permission": ADMIN})
    return [org["id"] for org in found]


def source_probe(context: Context, data_dict: DataDict) -> AuthResult:
    """Admins of any organisation: who may register a source may look what it is."""
    user = context.get("user", "")
    return {"success": bool(user and organizations_of(user))}


def source_grant(context: Context, data_dict: DataDict) -> AuthResult:
    """Sysadmins, who pass without being asked."""
    return {"success": False}


AUTH: dict[str, Callable[..., Any]] = {
    "thanhhoa_source_upload": of_source(EDITOR),
    "thanhhoa_source_preview": of_source(EDITOR),
    "thanhhoa_source_probe": source_probe,
    "thanhhoa_source_create": source_create,
    "thanhhoa_source_show": of_source(EDITOR),
    "thanhhoa_source_list": source_list,
    "thanhhoa_source_update": source_update,
    "thanhhoa_source_delete": of_source(ADMIN),
    "thanhhoa_source_check": of_source(EDITOR),
    "thanhhoa_mapping_test": mapping_test,
    "thanhhoa_source_grant": source_grant,
}
