"""What the portal publishes and how: field schemas, codelists, known tables, and their rules.

Imports the standard library and yaml only.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from schemas.reference_list import Codelist, Item, read_codelist
from schemas.rules import RuleError

__all__ = [
    "VERSION",
    "Codelist",
    "Item",
    "RuleError",
    "codelist",
    "codelist_names",
    "load",
    "table_names",
]

_HOME = Path(__file__).parent


@cache
def load(name: str) -> dict[str, Any]:
    """The YAML document of that name: ``dataset``, ``organization``, ``presets``, ``tables/…``.

    The same object at every call: read it, never change it. KeyError for an unknown name.
    """
    path = _HOME / f"{name}.yaml"
    if name not in _documents():
        raise KeyError(name)
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path.name}: expected a mapping, found {type(content).__name__}")
    return content


@cache
def codelist(name: str) -> Codelist:
    """The codelist of that name, for example ``theme``. KeyError for an unknown name."""
    path = _codelists().get(name)
    if path is None:
        raise KeyError(name)
    return read_codelist(path)


def codelist_names() -> tuple[str, ...]:
    """The names `codelist` takes, sorted."""
    return tuple(sorted(_codelists()))


def table_names() -> tuple[str, ...]:
    """The Table Schemas we know, as names for `load`: ``tables/dti_ranking``, sorted."""
    return tuple(sorted(name for name in _documents() if name.startswith("tables/")))


@cache
def _codelists() -> dict[str, Path]:
    folder = _HOME / "codelists"
    return {p.stem: p for p in sorted(folder.iterdir()) if p.suffix in (".yaml", ".tsv")}


@cache
def _documents() -> frozenset[str]:
    found = [*_HOME.glob("*.yaml"), *(_HOME / "tables").glob("*.yaml")]
    return frozenset(p.relative_to(_HOME).with_suffix("").as_posix() for p in found)


def _version() -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in _HOME.rglob("*") if p.suffix in (".yaml", ".tsv")):
        digest.update(path.relative_to(_HOME).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


#: Changes whenever a schema or a codelist does; a record mapped under another version is mapped
#: again.
VERSION: Final[str] = _version()
