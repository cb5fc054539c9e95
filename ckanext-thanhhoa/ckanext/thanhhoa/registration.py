"""Adding, changing and removing a source, whoever asks: the API, a page, the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from ckan import model
from ckanext.thanhhoa import config, runs, source_settings, sources

from harvesters.errors import HarvestError
from harvesters.fetch.grants import Endpoint, is_local, origin_of
from harvesters.fetch.uploads import is_upload
from harvesters.settings import Limits, parse_config, raised

#: Bytes of a configuration written as YAML.
_CONFIG_LIMIT = 200_000


def register(values: Mapping[str, Any], by: str | None, *, may_grant: bool) -> str:
    """Adds a source and returns its id. Contacts nothing, does not commit.

    `values`: name, type, url, owner_org, and optionally config (a mapping or YAML), allow,
    schedule, secret. Without `may_grant` (a sysadmin's right) neither grants nor references to
    secrets of the server are taken. Raises HarvestError: `source_exists`, `org_unknown`,
    `grant_refused`, `secret_reference_refused`, and what `source_settings.checked` raises.
    """
    prepared, secret = _prepared(values)
    wanted = source_settings.checked(prepared)
    if not may_grant:
        _refuse_grants(wanted, set())
    org = organization(str(values.get("owner_org") or ""))
    return sources.create(wanted, org.id, secret, by)


def change(row: Any, values: Mapping[str, Any], *, may_grant: bool) -> None:
    """Changes what `values` names and leaves the rest. Contacts nothing, does not commit.

    The name stays: datasets say by it where they come from.

    Without `may_grant`, a stored secret is forgotten when the source is pointed at another host
    (it was entered for the first one), and a source with a secret of the server cannot be.
    """
    now = {name: getattr(row, name) for name in source_settings.FIELDS}
    prepared, secret = _prepared({**now, **values})
    wanted = source_settings.checked(prepared)
    if not may_grant:
        _refuse_grants(wanted, set(row.allow), row.config)
        if _destinations(wanted) != _destinations(now):
            if source_settings.server_secret(parse_config(wanted["config"])):
                raise _reference_refused(wanted["config"])
            secret = secret or ""
    org_id = organization(str(values["owner_org"])).id if "owner_org" in values else row.org_id
    if wanted["name"] != row.name:
        raise HarvestError("bad_setting", where="name", key="name", expected=row.name)
    sources.update(row, wanted, org_id, secret)


def unregister(row: Any, by: str | None, *, withdraw: bool) -> str | None:
    """Removes a source; returns the run that withdraws its datasets, if that was asked.

    Without `withdraw` the datasets stay in the catalogue. Raises `already_running` while a run
    of the source is under way. Does not commit.
    """
    runs.refuse_if_active(row)
    runs.drop_waiting(row.id, by)
    run_id = runs.request_withdrawal(row, by) if withdraw else None
    sources.remove(row.id)
    return run_id


def organization(name_or_id: str) -> Any:
    """The active organisation of that name or id. Raises `org_unknown`."""
    group = model.Group.get(name_or_id) if name_or_id else None
    if group is None or not group.is_organization or group.state != "active":
        raise HarvestError("org_unknown", org=name_or_id)
    return group


def read_config(text: str, where: str = "config") -> dict[str, Any]:
    """A configuration from YAML (or JSON). Raises `bad_config_file`."""
    if len(text) > _CONFIG_LIMIT:
        raise HarvestError("too_large", where=where, limit=f"{_CONFIG_LIMIT} B")
    try:
        data = yaml.load(text, _PlainLoader)  # noqa: S506 -- a SafeLoader
    except (yaml.YAMLError, RecursionError) as error:
        raise unreadable(where, error) from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise HarvestError("bad_config_file", where=where, detail="key: value")
    return data


def whole_number(key: str, value: Any) -> int:
    """A whole number as a page, the API or the command line gives it. Raises `bad_setting`."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise HarvestError("bad_setting", where=key, key=key, expected="1, 2, 3 …") from error


def unreadable(where: str, error: Exception) -> HarvestError:
    """The error for a configuration file that cannot be opened or is no YAML."""
    detail = " ".join(str(error).split())[:200] or type(error).__name__
    return HarvestError("bad_config_file", where=where, detail=detail)


class _PlainLoader(yaml.SafeLoader):
    """Without aliases: a few lines of them can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, "alias", mark)
        return super().compose_node(parent, index)


def _prepared(values: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The values with `config` as a mapping, and the secret: None unless one was given."""
    config = values.get("config") or {}
    if isinstance(config, str):
        config = read_config(config)
    secret = values.get("secret")
    if secret:
        config = source_settings.with_stored_secret(config)
    return {**values, "config": config}, None if secret is None else str(secret)


def _refuse_grants(
    wanted: Mapping[str, Any], granted: set[str], config: Mapping[str, Any] | None = None
) -> None:
    if not set(wanted["allow"]) <= granted:
        raise HarvestError("grant_refused")
    _refuse_wider_limits(parse_config(wanted["config"]).fetch, parse_config(config).fetch)
    held = source_settings.server_secret(parse_config(config))
    if source_settings.server_secret(parse_config(wanted["config"])) not in ("", held):
        raise _reference_refused(wanted["config"])


def _refuse_wider_limits(asked: Limits, held: Limits) -> None:
    """What a sysadmin allowed this source once may stay."""
    most = config.fetch_limits()
    beyond = set(raised(asked, most)) & set(raised(asked, held))
    for name in sorted(beyond):
        key, limit = f"fetch.{name}", f"{getattr(most, name):.15g}"
        raise HarvestError("limit_refused", where=key, key=key, limit=limit)


def _reference_refused(config: Mapping[str, Any]) -> HarvestError:
    reference = parse_config(config).auth.secret
    return HarvestError("secret_reference_refused", reference=reference)


def _destinations(values: Mapping[str, Any]) -> tuple[tuple[str, Endpoint] | None, str]:
    """Where the source's secret goes to: its scheme and host, and its token's address."""
    url = values["url"]
    token_url = parse_config(values["config"]).auth.token_url
    return (None if is_local(url) or is_upload(url) else origin_of(url)), token_url
