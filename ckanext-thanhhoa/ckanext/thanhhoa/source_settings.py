"""What a source may be: every door (API, page, command line) checks its values here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ckanext.thanhhoa import uploads, vault
from ckanext.thanhhoa.schedule import SCHEDULES

from harvesters import mapping
from harvesters.errors import HarvestError
from harvesters.fetch.grants import (
    endpoint_of,
    has_credentials,
    is_local,
    local_path,
    parse_grants,
    secret_parameters,
)
from harvesters.fetch.uploads import URL as UPLOAD_URL
from harvesters.registry import settings_of, source_type
from harvesters.settings import SourceConfig, parse_config
from schemas.text import composed, nearest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
#: What a person may set, besides `org` and the write-only `secret`.
FIELDS = ("name", "type", "url", "config", "allow", "schedule")


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The six `FIELDS`, normalised. Raises HarvestError saying which is wrong and why.

    Nothing is contacted. Config keys, the type's own settings and the mapping are checked, so
    that a mistake shows when it is made and not at night.
    """
    name = composed(str(values.get("name") or "")).strip()
    if not NAME.fullmatch(name):
        raise _bad("name", name, "A–Z a–z 0–9 - _ . (1–100)")
    schedule = str(values.get("schedule") or "manual")
    if schedule not in SCHEDULES:
        raise _bad("schedule", schedule, nearest(schedule, SCHEDULES) or ", ".join(SCHEDULES))
    kind = str(values.get("type") or "")
    source_type(kind)
    url = UPLOAD_URL if kind == uploads.TYPE else checked_url(values.get("url"))
    data = values.get("config") or {}
    config = parse_config(data)
    settings_of(kind, url, config.read)
    mapping.check_mapping(config.mapping)
    return {
        "name": name,
        "type": kind,
        "url": url,
        "config": dict(data),
        "allow": checked_grants(values.get("allow")),
        "schedule": schedule,
    }


def checked_url(value: Any) -> str:
    """A URL without credentials, or the absolute path of a folder or file."""
    url = composed(str(value or "")).strip()
    if not url:
        raise _bad("url", url, "https://host:port/…")
    if is_local(url):
        local_path(url)
        return url
    if has_credentials(url):
        raise HarvestError("secret_in_url", where="url")
    if keys := secret_parameters(url):
        raise HarvestError("key_in_url", where="url", key=", ".join(keys))
    endpoint_of(url)
    return url


def checked_grants(value: Any) -> list[str]:
    """The grants, one each, in the order given."""
    items = [value] if isinstance(value, str) else list(value or [])
    allow = list(dict.fromkeys(composed(str(item)).strip() for item in items if str(item).strip()))
    parse_grants(allow)
    return allow


def with_stored_secret(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration signing in with the secret that is kept with the source."""
    auth = dict(config.get("auth") or {})
    auth["secret"] = vault.STORED
    return {**config, "auth": auth}


def server_secret(config: SourceConfig) -> str:
    """The reference to a secret of the server (`env:`, `file:`), or an empty text."""
    reference = config.auth.secret
    return "" if reference.startswith("stored:") else reference


def _bad(key: str, value: str, expected: str) -> HarvestError:
    return HarvestError("bad_setting", where=value, key=key, expected=expected)
