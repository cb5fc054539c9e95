"""Acting for the person at a page: through the actions, so that their auth functions hold."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.common import current_user
from ckan.plugins import toolkit


def act(name: str, data: dict[str, Any]) -> Any:
    """Calls an action; what is not allowed or not there is a page that says so."""
    try:
        return toolkit.get_action(name)({"user": current_user.name}, data)
    except toolkit.NotAuthorized as error:
        return toolkit.abort(403, str(error))
    except toolkit.ObjectNotFound as error:
        return toolkit.abort(404, str(error))


def may(name: str, data: dict[str, Any]) -> bool:
    """Whether the person may call an action: whether its button is shown."""
    try:
        toolkit.check_access(name, {"user": current_user.name}, data)
    except toolkit.NotAuthorized:
        return False
    return True


def said(error: Any) -> tuple[str, str]:
    """Message and hint of a refusal."""
    words = error.error_dict
    return words.get("message", [""])[0], words.get("hint", [""])[0]


def tell(error: Any) -> None:
    """Shows a refusal at the top of the next page."""
    message, hint = said(error)
    toolkit.h.flash_error(f"{message} {hint}".strip() or str(error))


def organizations(listed: list[dict[str, Any]]) -> dict[str, Any]:
    """The organisations of sources by id."""
    ids = {source["owner_org"] for source in listed}
    rows = model.Session.query(model.Group).filter(model.Group.id.in_(ids)) if ids else ()
    return {row.id: row for row in rows}
