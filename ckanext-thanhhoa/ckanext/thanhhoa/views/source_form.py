"""Pages on which a source is added and changed, without a line of YAML."""

from __future__ import annotations

from typing import Any

import flask
from ckan.common import current_user
from ckan.plugins import toolkit
from ckanext.thanhhoa import source_form
from ckanext.thanhhoa.uploads import TYPE as UPLOAD
from ckanext.thanhhoa.views.acting import act, may, said
from ckanext.thanhhoa.views.sources import sources

from harvesters.errors import HarvestError
from harvesters.messages import say
from harvesters.registry import source_types

Form = dict[str, Any]


@sources.route("/-/them")
def add() -> Any:
    """The empty form."""
    if not may("thanhhoa_source_probe", {}):
        return toolkit.abort(403)
    return _page(None, source_form.filled(None))


@sources.route("/-/them", methods=["POST"])
def create() -> Any:
    """Registers the source, or shows the form again with what is wrong."""
    return _saved(None, flask.request.form.to_dict())


@sources.route("/<name>/sua")
def edit(name: str) -> Any:
    """The form with what the source has."""
    source = act("thanhhoa_source_show", {"id": name})
    if not may("thanhhoa_source_update", {"id": source["id"]}):
        return toolkit.abort(403)
    return _page(source, source_form.filled(source))


@sources.route("/<name>/sua", methods=["POST"])
def change(name: str) -> Any:
    """Saves the changes, or shows the form again with what is wrong."""
    source = act("thanhhoa_source_show", {"id": name})
    return _saved(source, flask.request.form.to_dict())


@sources.route("/-/nhan-dang", methods=["POST"], defaults={"name": None})
@sources.route("/<name>/nhan-dang", methods=["POST"])
def recognise(name: str | None) -> Any:
    """Looks at the address, chooses the type it finds and shows the form again."""
    source = act("thanhhoa_source_show", {"id": name}) if name else None
    form = flask.request.form.to_dict()
    asked: Form = {"url": form.get("url", "")}
    try:
        if "allow" in form:
            asked["allow"] = source_form.values(form, source)["allow"]
        probed = act("thanhhoa_source_probe", asked)
    except (HarvestError, toolkit.ValidationError) as error:
        return _page(source, form, problem=_words(error))
    if probed["matches"]:
        form["type"] = probed["matches"][0]["type"]
    return _page(source, form, probed=probed)


def _saved(source: Any, form: Form) -> Any:
    try:
        wanted = source_form.values(form, source)
        if source is None:
            kept = act("thanhhoa_source_create", wanted)
        else:
            kept = act("thanhhoa_source_update", {"id": source["id"], **wanted})
    except (HarvestError, toolkit.ValidationError) as error:
        return _page(source, form, problem=_words(error))
    toolkit.h.flash_success(toolkit._("Saved."))
    to = "thanhhoa_sources.file" if kept["type"] == UPLOAD else "thanhhoa_sources.read"
    return toolkit.redirect_to(to, name=kept["name"])


def _page(
    source: Any, form: Form, probed: Any = None, problem: tuple[str, str] | None = None
) -> str:
    lang = "en" if toolkit.h.lang() == "en" else "vi"
    titles = {name: kind.title[lang] for name, kind in source_types().items()}
    # The password comes in and never goes out again.
    shown = {key: value for key, value in form.items() if key != "secret"}
    return toolkit.render(
        "thanhhoa/source_form.html",
        {
            "source": source,
            "form": shown,
            "probed": probed,
            "problem": problem,
            "types": sorted(titles.items(), key=lambda item: item[1]),
            "organizations": _administered(),
            "may_grant": may("thanhhoa_source_grant", {}),
            "upload": UPLOAD,
        },
    )


def _administered() -> list[tuple[str, str]]:
    """(id, title) of the organisations whose sources the person may change."""
    found = toolkit.get_action("organization_list_for_user")(
        {"user": current_user.name}, {"permission": "admin"}
    )
    return sorted(((org["id"], org["title"]) for org in found), key=lambda org: org[1])


def _words(error: Any) -> tuple[str, str]:
    if isinstance(error, HarvestError):
        words = say(error.problem, "en" if toolkit.h.lang() == "en" else "vi")
        return words.message, words.hint
    message, hint = said(error)
    return message or str(error), hint
