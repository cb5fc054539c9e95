"""Pages for the people who publish: their sources, what a run would change, what went wrong.

Every change is a POST with CKAN's CSRF token and goes through the actions, so that the same auth
functions hold as for the API.
"""

from __future__ import annotations

from typing import Any

import flask
from ckan.common import current_user
from ckan.plugins import toolkit
from ckanext.thanhhoa.change_words import letter
from ckanext.thanhhoa.run_causes import as_csv, as_workbook
from ckanext.thanhhoa.source_status import Status, statuses
from ckanext.thanhhoa.views.acting import act as _action
from ckanext.thanhhoa.views.acting import may, organizations
from ckanext.thanhhoa.views.acting import tell as _tell

from harvesters.registry import source_types

sources = flask.Blueprint("thanhhoa_sources", __name__, url_prefix="/nguon-du-lieu")

#: Changes shown on one page of a plan.
PAGE = 50
_TABLES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SOURCE_VERBS = {
    "plan": "thanhhoa_harvest_plan",
    "run": "thanhhoa_harvest_run",
}
_RUN_VERBS = {
    "approve": "thanhhoa_harvest_approve",
    "reject": "thanhhoa_harvest_reject",
    "cancel": "thanhhoa_harvest_cancel",
}


@sources.before_request
def signed_in() -> Any:
    """These pages are for people with an account; others are asked to log in first."""
    if not current_user.is_authenticated:
        return toolkit.redirect_to("user.login", came_from=flask.request.path)
    return None


@sources.route("/")
def index() -> str:
    """The sources the person may see, each with its light."""
    listed = _action("thanhhoa_source_list", {})
    found = statuses([source["id"] for source in listed])
    return toolkit.render(
        "thanhhoa/sources.html",
        {
            "sources": [(source, found[source["id"]]) for source in listed],
            "organizations": organizations(listed),
            "may_add": may("thanhhoa_source_probe", {}),
        },
    )


@sources.route("/<name>")
def read(name: str) -> str:
    """One source: how it stands, its buttons, its latest runs."""
    return _source_page(name)


@sources.route("/<name>/kiem-tra", methods=["POST"])
def check(name: str) -> str:
    """Tries the connection and says in words what is there."""
    return _source_page(name, checked=_action("thanhhoa_source_check", {"id": name}))


@sources.route("/<name>/doc-thu", methods=["POST"])
def trial(name: str) -> str:
    """Reads a few records and shows what the source has beside what the portal would get."""
    source = _action("thanhhoa_source_show", {"id": name})
    tried = _action("thanhhoa_mapping_test", {"id": name})
    return toolkit.render(
        "thanhhoa/trial.html",
        {
            "source": source,
            "trial": tried,
        },
    )


@sources.route("/<name>/<any(plan, run):verb>", methods=["POST"])
def start(name: str, verb: str) -> Any:
    """Asks for a plan or a run and goes to its page."""
    try:
        report = _action(_SOURCE_VERBS[verb], {"source": name})
    except toolkit.ValidationError as error:
        _tell(error)
        return toolkit.redirect_to("thanhhoa_sources.read", name=name)
    return toolkit.redirect_to("thanhhoa_sources.run", name=name, run_id=report["run"])


@sources.route("/<name>/lan-chay/<run_id>")
def run(name: str, run_id: str) -> Any:
    """A run as a letter of changes, with what went wrong and what to do about it."""
    page = max(1, flask.request.args.get("page", 1, type=int))
    source = _action("thanhhoa_source_show", {"id": name})
    asked = {"run": run_id, "changes_limit": PAGE, "changes_offset": (page - 1) * PAGE}
    report = _action("thanhhoa_harvest_status", asked)
    if report["source"] != source["name"]:
        return toolkit.abort(404)
    pages = max(1, -(-report["changes_total"] // PAGE))
    if page > pages:
        return toolkit.redirect_to(
            "thanhhoa_sources.run", name=name, run_id=report["run"], page=pages
        )
    return toolkit.render(
        "thanhhoa/run.html",
        {
            "source": source,
            "report": report,
            "letter": letter(report),
            "page": page,
            "pages": pages,
        },
    )


@sources.route("/<name>/lan-chay/<run_id>/<any(approve, reject, cancel):verb>", methods=["POST"])
def judge(name: str, run_id: str, verb: str) -> Any:
    """A person's yes or no to a plan, or their stop to a run."""
    try:
        _action(_RUN_VERBS[verb], {"run": run_id})
    except toolkit.ValidationError as error:
        _tell(error)
    return toolkit.redirect_to("thanhhoa_sources.run", name=name, run_id=run_id)


@sources.route("/<name>/lan-chay/<run_id>/hoan-tac")
def undo(name: str, run_id: str) -> Any:
    """What would be taken back, before anybody says yes."""
    source = _action("thanhhoa_source_show", {"id": name})
    try:
        shown = _action("thanhhoa_harvest_undo", {"run": run_id, "preview": True})
    except toolkit.ValidationError as error:
        _tell(error)
        return toolkit.redirect_to("thanhhoa_sources.run", name=name, run_id=run_id)
    if shown["source"] != source["name"]:
        return toolkit.abort(404)
    data = {"source": source, "shown": shown}
    return toolkit.render("thanhhoa/undo.html", data)


@sources.route("/<name>/lan-chay/<run_id>/hoan-tac", methods=["POST"])
def take_back(name: str, run_id: str) -> Any:
    """Asks for the undo and goes to its page."""
    try:
        run_id = _action("thanhhoa_harvest_undo", {"run": run_id})["run"]
    except toolkit.ValidationError as error:
        _tell(error)
    return toolkit.redirect_to("thanhhoa_sources.run", name=name, run_id=run_id)


@sources.route("/<name>/lan-chay/<run_id>/van-de.<any(csv, xlsx):form>")
def problems(name: str, run_id: str, form: str) -> Any:
    """Every error of a run as a table to pass on."""
    report = _action("thanhhoa_harvest_status", {"run": run_id, "changes_limit": 0})
    if report["source"] != name:
        return toolkit.abort(404)
    lang = "en" if toolkit.h.lang() == "en" else "vi"
    body = as_csv(report["run"], lang) if form == "csv" else as_workbook(report["run"], lang)
    answer = flask.Response(body, mimetype=_TABLES[form])
    filename = f"van-de-{name}-{report['run'][:8]}.{form}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer


def _source_page(name: str, checked: dict[str, Any] | None = None) -> str:
    source = _action("thanhhoa_source_show", {"id": name})
    status: Status = statuses([source["id"]])[source["id"]]
    history = _action("thanhhoa_harvest_status", {"source": source["name"], "limit": 10})
    kind = source_types()[source["type"]]
    return toolkit.render(
        "thanhhoa/source.html",
        {
            "source": source,
            "status": status,
            "checked": checked,
            "runs": [(report, letter(report)) for report in history["runs"]],
            "type_title": kind.title["en" if toolkit.h.lang() == "en" else "vi"],
            "organization": organizations([source]).get(source["owner_org"]),
            "may_change": may("thanhhoa_source_update", {"id": source["id"]}),
        },
    )
