"""Registers the demo departments with a running portal and harvests them through its own API.

Called by `up` with the portal's home. Does nothing a second time: organisations and sources that
are there stay as a person left them (an address that moved with its port aside), and what has been
harvested once is not harvested again.
"""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import communes
import population
import workbooks
import yaml
from portal_cli import services
from portal_cli.home import Home, write_private
from portal_cli.steps import StepFailed, say, wait_for

import schemas

SOURCES = Path(__file__).with_name("sources.yaml")
#: Seconds within which the worker must have harvested the demo.
PATIENCE = 180
ENDED = ("applied", "held", "failed", "cancelled", "rejected", "undone")


def main(home: Home) -> None:
    """Prepares the departments' systems, registers them, and waits until they are harvested."""
    api = Api(home)
    _departments(home)
    for values in _sources(home):
        organization(api, values["owner_org"])
        register(api, values)
    runs = {}
    for values in _sources(home):
        if run := start(api, values["name"]):
            runs[values["name"]] = run
    failed = [name for name, run in runs.items() if not ended_well(api, name, run)]
    if failed:
        raise StepFailed(
            f"The demo could not be harvested: {', '.join(failed)}",
            "Look at the log, or start without it: ./portal up --no-demo",
            home.logs / "worker.log",
        )


class Api:
    """The portal's API as its administrator."""

    def __init__(self, home: Home):
        self.url = f"{home.url}/api/3/action"
        self.token = home.token_file.read_text().strip()
        self.log = home.logs / "web.log"

    def find(self, action: str, **data: Any) -> Any:
        """The result, or None when there is no such thing."""
        try:
            return self.call(action, **data)
        except LookupError:
            return None

    def call(self, action: str, **data: Any) -> Any:
        """The result of an action. LookupError for a 404, StepFailed for another refusal."""
        headers = {"Authorization": self.token, "Content-Type": "application/json"}
        body = json.dumps(data).encode()
        request = urllib.request.Request(f"{self.url}/{action}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["result"]
        except urllib.error.HTTPError as error:
            text = error.read(2000).decode(errors="replace")
            if error.code == 404:
                raise LookupError(action) from error
            what = f"The portal refused {action}: {text}"
            raise StepFailed(what, "Look at the log.", self.log) from error


def _departments(home: Home) -> None:
    """The departments' own systems: files, a database, a small CKAN."""
    demo = home.path / "demo"
    workbooks.build(demo / "so-khoa-hoc-va-cong-nghe")
    population.build(demo / "thong-ke-tinh-thanh-hoa")
    password_file = home.path / "secrets" / "sources" / "so-noi-vu"
    if not password_file.exists():
        write_private(password_file, secrets.token_urlsafe(24))
    communes.build(
        home.database_url("postgres", "postgres"),
        home.database_url(communes.DATABASE, "postgres"),
        password_file.read_text(),
    )
    services.start(home, "demo")
    address = f"http://127.0.0.1:{home.ports['demo']}/api/3/action/status_show"
    wait_for(
        lambda: _answers(address),
        30,
        "The demo's CKAN does not answer",
        "Look at the log; run the command again.",
        home.logs / "demo.log",
    )


def _answers(address: str) -> bool | None:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return True if answer.status == 200 else None
    except OSError:
        return None


def _sources(home: Home) -> list[dict[str, Any]]:
    """The sources with this portal's places filled in, as the API takes them."""
    places = {
        "{demo}": str(home.path / "demo"),
        "{pg}": f"127.0.0.1:{home.ports['postgres']}",
        "{api}": f"127.0.0.1:{home.ports['demo']}",
    }

    def filled(text: str) -> str:
        for name, value in places.items():
            text = text.replace(name, value)
        return text

    found = []
    for item in yaml.safe_load(SOURCES.read_text("utf-8")):
        values = {**item, "url": filled(item["url"]), "allow": list(map(filled, item["allow"]))}
        values["owner_org"] = values.pop("org")
        found.append(values)
    return found


def organization(api: Api, name: str) -> None:
    """The organisation, made from the codelist of agencies if it is missing."""
    if api.find("organization_show", id=name) is not None:
        return
    agencies = schemas.codelist("agency")
    agency = agencies.get(name)
    if agency is None:
        raise StepFailed(f"No agency {name} in the codelist", "Mend docker/local/demo/sources.yaml")
    parent = agencies.get(agency.ma_cha) if agency.ma_cha else None
    values = {
        "name": name,
        "title": agency.ten,
        "title_en": agency.ten_en,
        "level": agency.extra.get("cap"),
        "agency_code": agency.extra.get("ma_dinh_danh"),
        "parent_code": parent.extra.get("ma_dinh_danh") if parent else None,
    }
    api.call("organization_create", **{key: value for key, value in values.items() if value})


def register(api: Api, values: dict[str, Any]) -> None:
    """The source; one that is there keeps its settings, but follows a port that has moved."""
    there = api.find("thanhhoa_source_show", id=values["name"])
    if there is None:
        api.call("thanhhoa_source_create", **values)
    elif there["url"] != values["url"]:
        moved = {"id": values["name"], "url": values["url"], "allow": values["allow"]}
        api.call("thanhhoa_source_update", **moved)


def start(api: Api, name: str) -> str | None:
    """The run to wait for: one under way, or a new one when there has been none that applied."""
    runs = api.call("thanhhoa_harvest_status", source=name, limit=5)["runs"]
    under_way = [run["run"] for run in runs if run["state"] not in ENDED]
    if under_way:
        return str(under_way[0])
    if any(run["state"] in ("applied", "held", "undone") for run in runs):
        return None
    return str(api.call("thanhhoa_harvest_run", source=name)["run"])


def ended_well(api: Api, name: str, run: str) -> bool:
    """Waits for the run's end and says how it went."""
    deadline = time.monotonic() + PATIENCE
    report = api.call("thanhhoa_harvest_status", run=run)
    while report["state"] not in ENDED and time.monotonic() < deadline:
        time.sleep(0.3)
        report = api.call("thanhhoa_harvest_status", run=run)
    done = report["state"] == "applied" and not report["failed"]
    say(f"    {'✓' if done else '✗'} {name}: {report['state']}, {report['created']} datasets")
    for error in report["errors"]:
        say(f"      {error['message']} {error['hint']}")
    return bool(done)
