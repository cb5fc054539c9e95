"""`./portal up`: from installed software to a site that answers and holds its demo."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import time

from portal_cli import home as homes
from portal_cli import postgres, services, site
from portal_cli.home import Home
from portal_cli.software import LOCAL, ROOT
from portal_cli.steps import StepFailed, say, step, wait_for

DEFAULT_PORT = 5000
CODE = ("ckanext-thanhhoa", "harvesters", "schemas", "docker/local", "docker/solr/conf")


def check() -> None:
    """What can be said before anything is installed or started."""
    path = homes.home_path()
    if not homes.exists(path):
        _refuse_taken(_wanted_port() or DEFAULT_PORT)
        return
    home, wanted = homes.load(path), _wanted_port()
    if not services.states(home):
        _refuse_taken(wanted or home.web_port)
    elif wanted and wanted != home.web_port:
        raise StepFailed(
            f"This portal runs on port {home.web_port}", "Stop it first: ./portal down", code=2
        )


def main(demo: bool) -> int:
    """Starts the portal; does nothing that is done already."""
    start = time.monotonic()
    with homes.alone(homes.home_path()):
        home = _home()
        stamp, place = _stamp(), home.path / "up.stamp"
        current = place.exists() and place.read_text() == stamp
        if not (current and _runs(home)):
            _bring_up(home, initialised=current)
            place.write_text(stamp)
        if demo:
            _demo(home)
    say(f"  ✓ ready in {time.monotonic() - start:.0f} s")
    print(f"{home.url}  (admin / {home.password_file.read_text()})")
    return 0


def _wanted_port() -> int | None:
    named = os.environ.get("PORTAL_PORT")
    if not named:
        return None
    if not named.isdigit() or not 0 < int(named) < 65536:
        raise StepFailed(f"PORTAL_PORT={named} is no port", "Give a number up to 65535.", code=2)
    return int(named)


def _refuse_taken(port: int) -> None:
    if homes.is_taken(port):
        raise StepFailed(
            f"Port {port} is taken by another program",
            f"Stop that program, or choose another port: PORTAL_PORT={port + 1} ./portal up",
            code=2,
        )


def _home() -> Home:
    path = homes.home_path()
    if not homes.exists(path):
        return homes.create(path, _wanted_port() or DEFAULT_PORT)
    home = homes.load(path)
    if not services.states(home):
        home.web_port = _wanted_port() or home.web_port
        moved = {name: port for name, port in home.ports.items() if homes.is_taken(port)}
        home.ports.update(homes.free_ports(tuple(moved)))
        home.save()
    return home


def _stamp() -> str:
    """Changes with the code that the services run, so that `up` after an update restarts them."""
    digest = hashlib.sha256()
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def _runs(home: Home) -> bool:
    return services.run(home, {*services.BASE, "web", "worker"}) and bool(site.answers(home))


def _bring_up(home: Home, initialised: bool) -> None:
    postgres.check_version(home)
    if not initialised and services.states(home):
        with step("stopping what runs an older state of the code"):
            services.stop_all(home)
    with step("configuration"):
        postgres.prepare(home)
        services.prepare(home)
        site.write_ini(home)
    start_base(home)
    if not initialised or services.index_is_stale(home):
        with step("databases of the portal"):
            postgres.create_databases(home.superuser_url, home.passwords)
            site.initialise(home)
    with step("web server and harvest worker"):
        services.start(home, "web")
        services.start(home, "worker")
        site.wait_for_site(home)
        wait_for(
            lambda: services.run(home, ["worker"]) or None,
            30,
            "The harvest worker does not stay up",
            "Look at the log; run the command again.",
            home.logs / "worker.log",
        )


def start_base(home: Home) -> None:
    """The supervisor with PostgreSQL, Redis and Solr, until each answers."""
    with step("PostgreSQL, Redis, Solr"):
        if not services.states(home):
            services.start_supervisor(home)
        for name in services.BASE:
            services.start(home, name)
        for title, name, probe in (
            ("PostgreSQL", "postgres", postgres.is_up),
            ("Solr", "solr", site.solr_answers),
        ):
            wait_for(
                lambda probe=probe: probe(home),  # type: ignore[misc]
                120,
                f"{title} does not answer",
                "Look at the log; run the command again.",
                home.logs / f"{name}.log",
            )


def _demo(home: Home) -> None:
    """The demo departments: sources like any other, harvested by the engine like any other."""
    sys.path.insert(0, str(LOCAL / "demo"))
    register = importlib.import_module("register")
    with step("demo departments"):
        register.main(home)
