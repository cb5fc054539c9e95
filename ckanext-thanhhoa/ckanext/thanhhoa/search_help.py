"""What a page with results says to help on: about places, other spellings, the nearest results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import flask
from ckan.plugins import toolkit
from ckanext.thanhhoa import helpers, search, search_found, search_page, search_words
from ckanext.thanhhoa.search import is_free_text
from ckanext.thanhhoa.search_found import LISTINGS
from ckanext.thanhhoa.search_lists import as_written
from ckanext.thanhhoa.search_place_notes import PlaceNote
from ckanext.thanhhoa.search_place_notes import place_notes as notes_for
from ckanext.thanhhoa.search_query import MOST_OTHERS
from ckanext.thanhhoa.search_spelling import other_spelling
from ckanext.thanhhoa.suggestion_names import nearest, themes

from schemas.admin_units import AdminUnit
from schemas.place_names import words_of

#: Other words that are named, the first ones.
MOST_ALSO = 6
#: Themes offered where nothing was found.
MOST_THEMES = 2


def get_helpers() -> dict[str, Callable[..., Any]]:
    """The helpers by the names that templates use."""
    return {
        "thanhhoa_also_searched": also_searched,
        "thanhhoa_did_you_mean": did_you_mean,
        "thanhhoa_place_notes": place_notes,
        "thanhhoa_themes_near": themes_near,
    }


def asked() -> str:
    """The free text that the page's address asks for; empty where there is none."""
    if flask.request.endpoint not in LISTINGS:
        return ""
    text = flask.request.args.get("q", "")
    return text if is_free_text({"q": text}) else ""


def did_you_mean() -> dict[str, str] | None:
    """Another spelling of the query: ``{query, url}``; None where none is worth offering."""
    outcome = search_page.outcome()
    text = asked()
    if not text or outcome.problem or outcome.outage or outcome.nearest:
        return None
    found = 0 if outcome.relaxed else outcome.count
    spelling = other_spelling(text, found, search_words.current())
    if not spelling:
        return None
    return {"query": spelling, "url": toolkit.h.remove_url_param("q", replace=spelling)}


def also_searched() -> list[dict[str, str]]:
    """In which other words the search of the page looked: ``[{words, url}]``.

    `url` asks for these in the place of those typed; it is empty where signs like + or quotes
    stand between the words. What became of old places is `place_notes`.
    """
    text = asked()
    if not text or search_page.outcome().problem or search_page.outcome().outage:
        return []
    reading = search_found.page_reading(text)
    typed = words_of(search.clean(text))
    plain = not (reading.required or reading.excluded or reading.phrases or reading.codes)
    plain = plain and tuple(word.lower() for word in typed) == reading.typed
    found = {}
    for known in reading.known:
        for other in known.others[:MOST_OTHERS]:
            words = as_written(other)
            query = " ".join([*typed[: known.start], words, *typed[known.end :]])
            url = str(toolkit.h.remove_url_param("q", replace=query)) if plain else ""
            found.setdefault(words, {"words": words, "url": url})
    return list(found.values())[:MOST_ALSO]


def place_notes() -> list[dict[str, Any]]:
    """The notes on places for the page: ``{old, until, verb, places: [{label, url}], all_url}``."""
    return [_note(note) for note in notes_for(asked())]


def themes_near() -> list[dict[str, str]]:
    """The themes that have most of the query's words in their names: ``[{label, url}]``."""
    return [
        {
            "label": helpers.thanhhoa_label("theme", name.code),
            "url": toolkit.url_for("dataset.search", theme=name.code),
        }
        for name in nearest(themes(), asked(), MOST_THEMES)
    ]


def _note(note: PlaceNote) -> dict[str, Any]:
    places = [{"label": _name(unit), "url": _filtered(note.rest, [unit])} for unit in note.now]
    return {
        "old": _name(note.old) if note.old else "",
        "until": _until(note),
        "verb": _verb(note),
        "places": places,
        "all_url": _filtered(note.rest, note.now) if len(places) > 1 else "",
    }


def _verb(note: PlaceNote) -> str:
    if note.old is None:
        may_be = (
            toolkit._("“{name}” today:") if len(note.now) == 1 else toolkit._("“{name}” may be")
        )
        return may_be.format(name=note.typed)
    if not note.now:
        return toolkit._("there is no such unit any more")
    return toolkit._("today") if note.old.level == "huyen" else toolkit._("today in")


def _until(note: PlaceNote) -> str:
    day = helpers.thanhhoa_date(note.until)
    if note.district is None:
        return toolkit._("until {day}").format(day=day)
    district = _name(note.district)
    if helpers.language() == "vi":
        district = district[:1].lower() + district[1:]
    return toolkit._("{district}, until {day}").format(district=district, day=day)


def _name(unit: AdminUnit) -> str:
    return unit.name_en if helpers.language() == "en" and unit.name_en else unit.name


def _filtered(rest: str, units: Iterable[AdminUnit]) -> str:
    """The address of a search for the rest of the query, in these units of today."""
    named = {"q": rest} if rest else {}
    return str(toolkit.url_for("dataset.search", place=[unit.code for unit in units], **named))
