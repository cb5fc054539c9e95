"""`./portal up`: from installed software to a site that answers and holds its demo."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import time
from pathlib import Path

from portal_cli import home as homes
from portal_cli import postgres, services, site
from portal_cli.home import Home
from portal_cli.main import main as portal
from portal_cli.software import LOCAL, ROOT
from portal_cli.steps import StepFailed, say, step, wait_for


def main(arguments: list[str]) -> int:
    """Starts the portal; does nothing that is done already."""
    start = time.monotonic()
    home = _home()
    stamp = _stamp()
    place = home.path / "up.stamp"
    current = place.exists() and place.read_text() == stamp
    if not (current and _runs(home)):
        _bring_up(home, restart=not current)
        place.write_text(stamp)
    if "--no-demo" not in arguments:
        _demo(home)
    say(f"  ✓ ready in {time.monotonic() - start:.0f} s")
    print(f"{home.url}  (admin / {home.password_file.read_text()})")
    return 0


def _home() -> Home:
    path = homes.home_path()
    port = int(os.environ.get("PORTAL_PORT") or 0)
    if not homes.exists(path):
        port = port or 5000
        _refuse_taken(port)
        return homes.create(path, port)
    home = homes.load(path)
    running = bool(services.states(home))
    if not running:
        home.web_port = port or home.web_port
        _refuse_taken(home.web_port)
        moved = {name: p for name, p in home.ports.items() if homes.is_taken(p)}
        home.ports.update(homes.free_ports(tuple(moved)))
        home.save()
    elif port and port != home.web_port:
        raise StepFailed(
            f"This portal runs on port {home.web_port}", "Stop it first: ./portal down", code=2
        )
    return home


def _refuse_taken(port: int) -> None:
    if homes.is_taken(port):
        raise StepFailed(
            f"Port {port} is taken by another program",
            f"Stop that program, or choose another port: PORTAL_PORT={port + 1} ./portal up",
            code=2,
        )


def _stamp() -> str:
    """Changes with the code that the services run, so that `up` after an update restarts them."""
    digest = hashlib.sha256()
    for folder in ("ckanext-thanhhoa", "harvesters", "schemas", "docker/local", "docker/solr/conf"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def _runs(home: Home) -> bool:
    states = services.states(home)
    running = {name for name, info in states.items() if info["statename"] == "RUNNING"}
    return {*services.BASE, "web", "worker"} <= running and bool(site.answers(home))


def _bring_up(home: Home, restart: bool) -> None:
    postgres.check_version(home)
    if restart and services.states(home):
        services.stop_all(home)
    with step("configuration"):
        postgres.prepare(home)
        services.prepare(home)
        site.write_ini(home)
    start_base(home)
    with step("databases of the portal"):
        postgres.create_databases(home)
        site.initialise(home)
    with step("web server and harvest worker"):
        services.start(home, "web")
        services.start(home, "worker")
        site.wait_for_site(home)


def start_base(home: Home) -> None:
    """The supervisor with PostgreSQL, Redis and Solr, until each answers."""
    with step("PostgreSQL, Redis, Solr"):
        if not services.states(home):
            services.start_supervisor(home)
        for name in services.BASE:
            services.start(home, name)
        todo = "Look at the log; run the command again."
        wait_for(
            lambda: postgres.is_up(home),
            60,
            "PostgreSQL does not answer",
            todo,
            home.logs / "postgres.log",
        )
        wait_for(
            lambda: site.solr_answers(home),
            120,
            "Solr does not answer",
            todo,
            home.logs / "solr.log",
        )


def _demo(home: Home) -> None:
    place = LOCAL / "demo" / "register.py"
    spec = importlib.util.spec_from_file_location("demo_register", place)
    if spec is None or spec.loader is None or not place.exists():
        return
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(place.parent))
    spec.loader.exec_module(module)
    with step("demo departments"):
        module.main(home)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] not in ("--no-demo",):
        sys.exit(portal(["up", *sys.argv[1:]]))
    try:
        sys.exit(main(sys.argv[1:]))
    except StepFailed as failed:
        say(f"  ✗ {failed.what}")
        if failed.log is not None:
            say(f"    log: {failed.log}")
        say(f"    {failed.todo}")
        sys.exit(failed.code)
