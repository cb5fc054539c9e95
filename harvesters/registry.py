"""Finds the source types: every module of `harvesters.sources` gives one `SOURCE`.

A module whose name begins with an underscore is the private help of one of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from harvesters import sources
from harvesters.errors import HarvestError
from harvesters.model import SourceType
from harvesters.settings import build
from schemas.text import nearest


@cache
def source_types() -> Mapping[str, SourceType]:
    """Source types by name. A module that cannot be imported or gives no SOURCE fails loudly."""
    found: dict[str, SourceType] = {}
    for module in pkgutil.iter_modules(sources.__path__, sources.__name__ + "."):
        if module.name.rpartition(".")[2].startswith("_"):
            continue
        source = importlib.import_module(module.name).SOURCE
        if not isinstance(source, SourceType) or source.type in found:
            raise TypeError(f"{module.name}.SOURCE is no new SourceType: {source!r}")
        found[source.type] = source
    return MappingProxyType(found)


def source_type(name: str) -> SourceType:
    """The source type of that name. Raises `unknown_source_type` with the nearest."""
    types = source_types()
    if name not in types:
        near = nearest(name, list(types)) or ", ".join(sorted(types))
        raise HarvestError("unknown_source_type", type=name, nearest=near)
    return types[name]


def settings_of(name: str, url: str, read: Mapping[str, Any]) -> Any:
    """The type's own settings from a source's URL and `read:` section."""
    return build(source_type(name).settings, read, "read", url=url)
