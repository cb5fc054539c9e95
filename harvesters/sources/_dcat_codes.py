"""Codes of DCAT's vocabularies in the codes of our codelists. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from urllib.parse import unquote

import schemas
from schemas.text import nfc

_DATA_THEME = re.compile(r"data-theme/([A-Z_]+)$")
_CREATIVE_COMMONS = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/(\d\.\d)")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: Words for frequencies beside those of our codelist: Dublin Core, INSPIRE and ISO 19115, udata.
_FREQUENCIES = {
    "continual": "CONT",
    "continuous": "CONT",
    "update_cont": "CONT",
    "fortnightly": "BIWEEKLY",
    "semimonthly": "MONTHLY_2",
    "biannually": "ANNUAL_2",
    "semiannual": "ANNUAL_2",
    "annually": "ANNUAL",
    "biennial": "BIENNIAL",
    "as needed": "IRREG",
    "as_needed": "IRREG",
    "not planned": "NEVER",
    "not_planned": "NEVER",
    "unknown": "UNKNOWN",
    "1min": "CONT",
    "5min": "CONT",
    "10min": "CONT",
    "15min": "CONT",
    "30min": "CONT",
    "r/pt1s": "CONT",
    "r/p0.33m": "OTHER",
    "r/p0.33w": "OTHER",
    "r/p3.5d": "OTHER",
    "r/p4m": "OTHER",
}


def last_segment(address: str) -> str:
    """The word at the end of an address: ``…/file-type/CSV`` → ``CSV``."""
    return unquote(re.split(r"[/#]", address.rstrip("/#"))[-1])


def frequency(text: str) -> str:
    """A code of our list for an address or a word in a known vocabulary; else the text itself."""
    plain = text.strip()
    items = schemas.codelist("frequency")
    end = last_segment(plain) if "://" in plain else plain
    words = _CAPITAL.sub(" ", end).strip()
    for said in (plain, end, words):
        item = items.find(said)
        if item is not None:
            return item.ma
        if said.lower() in _FREQUENCIES:
            return _FREQUENCIES[said.lower()]
    return plain


def language(text: str) -> str:
    """A code of our list for ``vi``, ``vie``, ``vi-VN`` or an address that ends so; else the text.

    Whatever is no language of ours is left to the mapping, which ignores it.
    """
    plain = text.strip()
    items = schemas.codelist("language")
    for said in (plain, last_segment(plain), last_segment(plain).partition("-")[0]):
        item = items.find(said)
        if item is not None:
            return item.ma
    return plain


def licence(candidates: Sequence[str]) -> str:
    """A code of our list for the first candidate that it knows; else the first as it is."""
    given = [text.strip() for text in candidates if text.strip()]
    return next(filter(None, map(_known_licence, given)), given[0] if given else "")


def _known_licence(text: str) -> str:
    items = schemas.codelist("licence")
    commons = _CREATIVE_COMMONS.search(text)
    said = [text, text.rstrip("/")]
    if commons:
        kind, name, version = commons.groups()
        said.append(f"CC0-{version}" if kind == "publicdomain" else f"CC-{name}-{version}")
    elif "://" in text:
        said.append(last_segment(text))
    found = (items.get(one) or items.find(one) for one in said)
    return next((item.ma for item in found if item is not None), "")


def access(text: str) -> str:
    """A class of ours for an EU access right, COAR's words or data.json's levels; else the text."""
    plain = text.strip()
    item = schemas.codelist("access_class").find(plain)
    if item is not None:
        return item.ma
    word = last_segment(plain).lower().replace("_", "-")
    return {"restricted public": "RESTRICTED", "non-public": "NON_PUBLIC"}.get(word, plain)


def themes(candidates: Iterable[str], keywords: Sequence[str]) -> tuple[list[str], list[str]]:
    """Themes of ours, and the keywords that are no themes.

    An EU data theme is one of ours where only one of ours is related to it. A keyword that is the
    name of one of ours, beside an EU theme related to it, is how this portal writes a theme into
    its own DCAT: it is read back as the theme.
    """
    found: list[str] = []
    european: set[str] = set()
    for text in candidates:
        match = _DATA_THEME.search(text)
        if match is None:
            found.append(text)
            continue
        european.add(match[1])
        ours = _by_european().get(match[1], ())
        found += ours if len(ours) == 1 else []
    words = []
    for keyword in keywords:
        item = next((item for item in schemas.codelist("theme") if item.ten == nfc(keyword)), None)
        if item is not None and european & set(item.extra.get("eu") or ()):
            found.append(item.ma)
        else:
            words.append(keyword)
    return list(dict.fromkeys(found)), words


@cache
def _by_european() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for item in schemas.codelist("theme"):
        for code in item.extra.get("eu") or ():
            found[code] = (*found.get(code, ()), item.ma)
    return found
