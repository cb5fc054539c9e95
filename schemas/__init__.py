"""What the portal publishes and how: field schemas, codelists, known tables, and their rules.

Imports the standard library and yaml only.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from schemas.reference_list import Codelist, Item, read_codelist

__all__ = [
    "OWN_CODELISTS",
    "VERSION",
    "Codelist",
    "Item",
    "codelist",
    "codelist_names",
    "load",
    "table_names",
]

#: Environment variable: a folder whose lists stand in for those of the same name here, so that
#: the province can keep its terms of use, legal basis or agencies current by itself.
OWN_CODELISTS: Final = "PORTAL_CODELISTS"

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
    own = os.environ.get(OWN_CODELISTS)
    folders = [_HOME / "codelists", *([Path(own)] if own else [])]
    files = (path for folder in folders for path in sorted(folder.iterdir()))
    return {path.stem: path for path in files if path.suffix in (".yaml", ".tsv")}


@cache
def _documents() -> frozenset[str]:
    found = [*_HOME.glob("*.yaml"), *(_HOME / "tables").glob("*.yaml")]
    return frozenset(p.relative_to(_HOME).with_suffix("").as_posix() for p in found)


def _version() -> str:
    files = {path for path in _HOME.rglob("*") if path.suffix in (".yaml", ".tsv")}
    digest = hashlib.sha256()
    for path in sorted(files | set(_codelists().values())):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\0".encode() + content)
    return digest.hexdigest()


#: Changes whenever a schema or a codelist does; a record mapped under another version is mapped
#: again.
VERSION: Final[str] = _version()
