"""Suggestions while somebody types: datasets, places, agencies, themes.

Datasets come from Solr, whose field ``title_begin`` holds the beginnings of the titles' words;
the rest from memory. Nothing is suggested that the person may not see in the search.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pysolr
from ckan import authz, model
from ckan.lib.plugins import get_permission_labels
from ckan.lib.search import common
from ckan.plugins import toolkit
from ckan.types import AuthResult, Context, DataDict
from ckanext.thanhhoa import helpers
from ckanext.thanhhoa.suggestion_names import (
    Name,
    Typed,
    agency_names,
    best,
    district_of,
    places,
    themes,
    typed_in,
)
from ckanext.thanhhoa.whole_numbers import whole_number

from schemas.place_names import today

log = logging.getLogger(__name__)

#: Suggestions in one answer, unless fewer are asked for; of which so many of each kind.
MOST = 8
MOST_PLACES, MOST_AGENCIES, MOST_THEMES = 2, 2, 1
#: Seconds for which a process keeps the list of agencies.
_KEEP = 60

_agencies: dict[str, tuple[float, tuple[Name, ...]]] = {}


def get_actions() -> dict[str, Callable[..., Any]]:
    """Actions by name."""
    return {"thanhhoa_search_suggest": search_suggest}


def get_auth_functions() -> dict[str, Callable[..., Any]]:
    """Auth functions by action name."""
    return {"thanhhoa_search_suggest": may_suggest}


@toolkit.auth_allow_anonymous_access
def may_suggest(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may search."""
    return authz.is_authorized("package_search", context, {})


@toolkit.side_effect_free
def search_suggest(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """What the beginning of a query may become. Also by GET.

    :param q: what is typed so far, accents or not; from two letters on
    :param limit: at most so many (1 to 8, default 8)
    :returns: ``{"q": …, "suggestions": [{"type": "dataset|place|agency|theme", "label": …,
        "note": …, "url": path of the page}]}``, datasets first
    """
    toolkit.check_access("thanhhoa_search_suggest", context, data_dict)
    text = str(data_dict.get("q") or "")
    typed = typed_in(text)
    found = _suggest(context, typed, _limit(data_dict)) if typed else []
    return {"q": text, "suggestions": found}


def _suggest(context: Context, typed: Typed, limit: int) -> list[dict[str, str]]:
    named = [
        *best(places(), typed, MOST_PLACES),
        *best(_known_agencies(), typed, MOST_AGENCIES),
        *best(themes(), typed, MOST_THEMES),
    ]
    datasets = _datasets(context, typed, limit)
    # At least half of the places go to datasets, if there are so many.
    named = named[: limit - min(len(datasets), (limit + 1) // 2)]
    return [*datasets[: limit - len(named)], *map(_named, named)]


def _datasets(context: Context, typed: Typed, limit: int) -> list[dict[str, str]]:
    fields = "title_begin title_begin_vi^3" if typed.accented else "title_begin"
    try:
        answer = common.make_connection(decode_dates=False).search(
            " ".join(typed.words),
            defType="edismax",
            qf=fields,
            pf="title_begin^2",
            pf2="",
            uf="-*",
            mm="100%",
            fq=_visible(context),
            fl="name,title,title_en",
            sort="score desc, metadata_modified desc",
            rows=limit,
        )
    except pysolr.SolrError as error:
        log.warning("no suggestions of datasets: %s", error)
        return []
    return [
        {
            "type": "dataset",
            "label": _title(found),
            "note": "",
            "url": toolkit.url_for("dataset.read", id=found["name"]),
        }
        for found in answer.docs
    ]


def _title(found: dict[str, Any]) -> str:
    """The title in the reader's language. Solr keeps the Vietnamese one beside the English."""
    title = str(found.get("title") or found["name"])
    if helpers.language() != "en":
        return title
    return next((str(other) for other in found.get("title_en") or () if other != title), title)


def _visible(context: Context) -> list[str]:
    """The filters of what the search would show to this person."""
    filters = [
        f'+site_id:"{toolkit.config["ckan.site_id"]}"',
        "+state:active",
        "+dataset_type:dataset",
    ]
    user = context.get("user") or ""
    if not authz.is_sysadmin(user):
        labels = get_permission_labels().get_user_dataset_labels(
            model.User.get(user) if user else None
        )
        quoted = " OR ".join(f'"{label}"' for label in labels)
        filters.append(f"+permission_labels:({quoted})")
    return filters


def _known_agencies() -> tuple[Name, ...]:
    since, known = _agencies.get("", (float("-inf"), ()))
    if time.monotonic() - since > _KEEP:
        rows = (
            model.Session.query(model.Group.name, model.Group.title)
            .filter_by(is_organization=True, state="active")
            .all()
        )
        known = tuple(
            Name("agency", name, title or name, others=agency_names(name)) for name, title in rows
        )
        _agencies[""] = (time.monotonic(), known)
    return known


def _named(name: Name) -> dict[str, str]:
    english = helpers.language() == "en" and name.label_en
    label = name.label_en if english else name.label
    if name.kind == "agency":
        url = toolkit.url_for("organization.read", id=name.code)
    elif name.kind == "theme":
        url = toolkit.url_for("dataset.search", theme=name.code)
    elif name.unit is None or name.unit.end is None:
        # The province is every dataset's place.
        url = toolkit.url_for("dataset.search", place=name.code)
    else:
        url = toolkit.url_for("dataset.search", q=name.label)
    return {"type": name.kind, "label": label, "note": _note(name), "url": url}


def _note(name: Name) -> str:
    """Of a unit that is no more: until when, and where it lies today."""
    if name.unit is None or name.unit.end is None:
        return ""
    day = helpers.thanhhoa_date(name.unit.end)
    now = today(name.unit)
    if len(now) == 1:
        return toolkit._("until {day}, today in {place}").format(day=day, place=now[0].name)
    district = district_of(name.unit)
    if district is not None:
        return toolkit._("{district}, until {day}").format(district=district.name, day=day)
    return toolkit._("until {day}").format(day=day)


def _limit(data_dict: dict[str, Any]) -> int:
    return min(max(whole_number(data_dict, "limit") or MOST, 1), MOST)
