"""The form of a source, between what a person fills in and what the actions take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckanext.thanhhoa import source_settings
from ckanext.thanhhoa.source_probe import own_grant

from schemas.text import slug

#: Fields of the form that are settings of `auth`, besides its type.
SIGN_IN = ("user", "header", "parameter", "token_url", "client_id", "host_key")


def filled(source: Mapping[str, Any] | None) -> dict[str, Any]:
    """The form as it first looks: empty, or with what a source has."""
    if source is None:
        return {"schedule": "manual", "grant_own": "1", "auth_type": "none"}
    auth = dict(source["config"].get("auth") or {})
    return {
        "name": source["name"],
        "type": source["type"],
        "url": source["url"],
        "owner_org": source["owner_org"],
        "schedule": source["schedule"],
        "allow": "\n".join(source["allow"]),
        "auth_type": auth.get("type", "none"),
        **{key: auth.get(key, "") for key in SIGN_IN},
    }


def values(form: Mapping[str, Any], source: Mapping[str, Any] | None) -> dict[str, Any]:
    """What `thanhhoa_source_create` or `_update` is given.

    What the form does not show (mapping, guards, limits) stays as it is. An empty password leaves
    the stored one. A name in words becomes a short one.
    """
    given = {key: str(form.get(key) or "").strip() for key in form}
    config = dict(source["config"]) if source else {}
    auth = {key: value for key, value in dict(config.get("auth") or {}).items() if key == "secret"}
    auth |= {key: given[key] for key in SIGN_IN if given.get(key)}
    auth["type"] = given.get("auth_type") or "none"
    config["auth"] = auth if auth["type"] != "none" or auth.get("host_key") else {}
    wanted: dict[str, Any] = {"config": {k: v for k, v in config.items() if v}}
    for key in ("type", "url", "schedule", "owner_org"):
        if given.get(key):
            wanted[key] = given[key]
    if source is None:
        wanted["name"] = short_name(given.get("name", ""))
    if given.get("secret"):
        wanted["secret"] = given["secret"]
    if "allow" in form:
        allow = given["allow"].splitlines()
        if given.get("grant_own") and (own := own_grant(given.get("url", ""))):
            allow.append(own)
        wanted["allow"] = source_settings.checked_grants(allow)
    return wanted


def short_name(name: str) -> str:
    """The name itself where it can be one, else made of it: "Sở Y tế" is `so-y-te`."""
    return name if source_settings.NAME.fullmatch(name) else slug(name)[:100]
