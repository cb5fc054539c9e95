"""A source's configuration, parsed into frozen dataclasses. Unknown keys name the nearest known."""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, TypeVar

import schemas
from harvesters.errors import HarvestError
from schemas.text import nearest

T = TypeVar("T")
#: What becomes of a plan with columns that look like personal data.
PERSONAL_DATA = ("hold", "report")
#: Whose word holds for a field.
OWNERS = ("source", "portal", "merge")
#: One address and nothing else: what is written here stands in a mail's head.
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
SECRET_REFERENCE = re.compile(r"(env:PORTAL_SECRET_[A-Z0-9_]+|file:[A-Za-z0-9_-]+|stored:[a-z_]+)")


@dataclass(frozen=True)
class Auth:
    """How to sign in at the source. `secret` is a reference, never the secret itself.

    `env:PORTAL_SECRET_…` and `file:NAME` are resolved only inside that namespace; `stored:…` is a
    secret typed into the portal's page and kept encrypted. An API key goes into `header`, or into
    the query under the name `parameter`. `host_key` is the fingerprint (``SHA256:…``) of the SFTP
    server that is the right one.
    """

    type: str = "none"
    header: str = "Authorization"
    parameter: str = ""
    host_key: str = ""
    user: str = ""
    token_url: str = ""
    client_id: str = ""
    secret: str = ""


@dataclass(frozen=True)
class Guards:
    """When a plan is held for a person. `withdraw_at_most` None means min(20, 10 % of active)."""

    withdraw_at_most: int | None = None
    rows_at_least_share: float = 0.5
    personal_data: str = "hold"


@dataclass(frozen=True)
class Limits:
    """Bounds on reading: seconds, bytes and counts. The defaults fit a department's system."""

    deadline: float = 1800.0
    timeout: float = 30.0
    max_bytes: int = 100_000_000
    max_total_bytes: int = 2_000_000_000
    max_ratio: float = 100.0
    max_cells: int = 5_000_000
    requests_per_second: float = 20.0
    retries: int = 3


@dataclass(frozen=True)
class Ownership:
    """Who has the last word on a field that source and portal hold differently.

    ``source``: the source, always. ``portal``: the portal, once the dataset is there. ``merge``:
    whoever changed it; where both did, the portal's value stays and the conflict is reported.
    """

    default: str = "merge"
    fields: Mapping[str, str] = field(default_factory=dict)
    resource_fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contact:
    """Who is written to, in which language (`vi`, `en`), when the source needs a person."""

    email: str = ""
    language: str = "vi"


@dataclass(frozen=True)
class SourceConfig:
    """`--config`: `auth`, `mapping`, `guards`, `fetch`, `read`, `ownership`, `contact`."""

    auth: Auth = Auth()
    mapping: Mapping[str, Any] = field(default_factory=dict)
    guards: Guards = Guards()
    fetch: Limits = Limits()
    read: Mapping[str, Any] = field(default_factory=dict)
    ownership: Ownership = Ownership()
    contact: Contact = Contact()


def parse_config(data: Mapping[str, Any] | None) -> SourceConfig:
    """From the YAML or JSON of a source. Raises `unknown_setting` and `bad_setting`."""
    data = data or {}
    if not isinstance(data, Mapping):
        raise HarvestError("bad_setting", where="config", key="", expected="mapping")
    _refuse_unknown(data, [f.name for f in dataclasses.fields(SourceConfig)], "")
    auth = build(Auth, data.get("auth"), "auth")
    if auth.secret and not SECRET_REFERENCE.fullmatch(auth.secret):
        raise HarvestError("bad_secret_reference", where="auth.secret")
    if auth.type not in ("none", "api_key", "basic", "oauth2", "certificate"):
        raise HarvestError(
            "bad_setting",
            where="auth.type",
            key="auth.type",
            expected="none, api_key, basic, oauth2, certificate",
        )
    guards = build(Guards, data.get("guards"), "guards")
    if guards.personal_data not in PERSONAL_DATA:
        # Otherwise a misspelt word would open the gate.
        key = "guards.personal_data"
        raise HarvestError("bad_setting", where=key, key=key, expected=", ".join(PERSONAL_DATA))
    limits = build(Limits, data.get("fetch"), "fetch")
    _check_limits(limits)
    if not 0 <= guards.rows_at_least_share <= 1:
        key = "guards.rows_at_least_share"
        raise HarvestError("bad_setting", where=key, key=key, expected="0–1")
    return SourceConfig(
        auth,
        _mapping(data.get("mapping"), "mapping"),
        guards,
        limits,
        _mapping(data.get("read"), "read"),
        _ownership(data.get("ownership")),
        _contact(data.get("contact")),
    )


def _ownership(data: Any) -> Ownership:
    ownership = build(Ownership, data, "ownership")
    _check_owner(ownership.default, "ownership.default")
    schema = schemas.load("dataset")
    for section, described, more in (
        ("fields", "dataset_fields", ["tags"]),
        ("resource_fields", "resource_fields", ["table", "file", "url", "filename"]),
    ):
        names = [*more, *(f["field_name"] for f in schema[described])]
        owners = getattr(ownership, section)
        _refuse_unknown(owners, names, f"ownership.{section}")
        for name, owner in owners.items():
            _check_owner(owner, f"ownership.{section}.{name}")
    if ownership.fields.get("access_rights", "merge") != "merge":
        # Otherwise a source could open what a person closed.
        key = "ownership.fields.access_rights"
        raise HarvestError("bad_setting", where=key, key=key, expected="merge")
    return ownership


def _check_owner(owner: Any, key: str) -> None:
    if owner not in OWNERS:
        raise HarvestError("bad_setting", where=key, key=key, expected=", ".join(OWNERS))


def _contact(data: Any) -> Contact:
    contact = build(Contact, data, "contact")
    if contact.email and not _EMAIL.fullmatch(contact.email):
        key = "contact.email"
        raise HarvestError("bad_setting", where=key, key=key, expected="ten@thanhhoa.gov.vn")
    if contact.language not in ("vi", "en"):
        key = "contact.language"
        raise HarvestError("bad_setting", where=key, key=key, expected="vi, en")
    return contact


def raised(limits: Limits, most: Limits) -> list[str]:
    """Names of the limits that are wider than `most` allows. No pace at all is the widest."""
    wider = []
    for bound in dataclasses.fields(Limits):
        asked, allowed = getattr(limits, bound.name), getattr(most, bound.name)
        free = bound.name == "requests_per_second"
        if _width(asked, free) > _width(allowed, free):
            wider.append(bound.name)
    return wider


def _width(value: float, free: bool) -> float:
    return math.inf if free and value == 0 else value


def _check_limits(limits: Limits) -> None:
    """Every bound is one: above zero and finite. Retries and the pace may be zero."""
    for bound in dataclasses.fields(Limits):
        value = getattr(limits, bound.name)
        least = 0 if bound.name in ("retries", "requests_per_second") else 1e-3
        if not least <= value < math.inf:
            key = f"fetch.{bound.name}"
            raise HarvestError("bad_setting", where=key, key=key, expected="> 0")


def build(cls: type[T], data: Any, section: str, **fixed: Any) -> T:
    """A frozen settings dataclass from a mapping of plain values.

    `fixed` are fields that do not come from the mapping (a source's `url`). Numbers written as
    text are accepted; anything else of the wrong kind raises `bad_setting` with what is expected.
    """
    values = _mapping(data, section)
    hints = typing.get_type_hints(cls)
    known = [f.name for f in dataclasses.fields(typing.cast(Any, cls)) if f.name not in fixed]
    _refuse_unknown(values, known, section)
    typed = {key: _coerce(value, hints[key], f"{section}.{key}") for key, value in values.items()}
    return cls(**fixed, **typed)


def _mapping(data: Any, section: str) -> Mapping[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise HarvestError("bad_setting", where=section, key=section, expected="mapping")
    return data


def _refuse_unknown(data: Mapping[str, Any], known: list[str], section: str) -> None:
    for key in data:
        if key not in known:
            raise HarvestError(
                "unknown_setting",
                where=section or "config",
                key=str(key),
                nearest=nearest(str(key), known) or ", ".join(known),
            )


def _coerce(value: Any, hint: Any, key: str) -> Any:
    options = typing.get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if value is None and type(None) in options:
        return None
    for option in options:
        kind = typing.get_origin(option) or option
        try:
            return _as_kind(value, kind)
        except (TypeError, ValueError):
            continue
    names = " | ".join(getattr(option, "__name__", str(option)) for option in options)
    raise HarvestError("bad_setting", where=key, key=key, expected=names)


def _as_kind(value: Any, kind: Any) -> Any:
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise TypeError(value)
    if kind in (int, float):
        if isinstance(value, bool):
            raise TypeError(value)
        return kind(value)
    if kind is str:
        if isinstance(value, (Mapping, list, tuple)):
            raise TypeError(value)
        return str(value)
    if kind is tuple:
        return tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if kind in (Mapping, dict) or getattr(kind, "__name__", "") == "Mapping":
        if isinstance(value, Mapping):
            return value
        raise TypeError(value)
    return value
