"""The commands and their help. Heavy work happens inside the virtual environment."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence

from portal_cli import home as homes
from portal_cli.software import PYTHON, ROOT, ensure_software
from portal_cli.steps import StepFailed, last_line, say

EPILOG = """\
first steps:
  ./portal up                     start everything, with the demo departments
  ./portal ckan thanhhoa --help   sources and harvests
  ./portal test                   lint, types and all tests, with services of their own
  ./portal down                   stop everything; the data stays

environment:
  PORTAL_HOME   where this portal keeps its state (default: .portal in the checkout)
  PORTAL_PORT   the port of the site (default: 5000)
  PORTAL_TEST_KEEP=DIR ./portal test ARGS   keeps the test services in DIR for the next call;
                `PORTAL_TEST_KEEP=DIR ./portal test --stop` ends them
"""
PASS_THROUGH = ("ckan", "test", "bench")
INSIDE = "--inside"
CKAN = PYTHON.with_name("ckan")
BENCHES = ROOT / "tests" / "bench"
#: Takes the better part of an hour.
ONLY_BY_NAME = ("faults",)


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code; failures are told without a traceback."""
    try:
        return _dispatch(list(arguments))
    except StepFailed as failed:
        say(f"  ✗ {failed.what}")
        if failed.log is not None:
            say(f"    {last_line(failed.log)}")
            say(f"    log: {failed.log}")
        say(f"    {failed.todo}")
        return failed.code
    except KeyboardInterrupt:
        say("  ✗ interrupted; run the command again to go on")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./portal",
        description="The open data portal of Thanh Hóa province on one machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    up = commands.add_parser("up", help="install what is missing and start the portal")
    up.add_argument("--no-demo", action="store_true", help="without the demo departments")
    commands.add_parser("down", help="stop the portal; its data stays")
    status = commands.add_parser("status", help="whether the portal is ready (exit 0) or not (1)")
    status.add_argument("--json", action="store_true", help="addresses and process ids as JSON")
    reset = commands.add_parser("reset", help="stop the portal and DELETE its data")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    commands.add_parser("ckan", help="CKAN's own command line, for this portal", add_help=False)
    commands.add_parser("test", help="the tests, with services of their own", add_help=False)
    commands.add_parser("bench", help="measurements side by side with the stock way: NAME, --json")
    return parser


def _dispatch(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    if name == INSIDE:
        return _inner(arguments[1], arguments[2:])
    if name in PASS_THROUGH:
        return {"ckan": _ckan, "test": _test, "bench": _bench}[name](arguments[1:])
    options = _parser().parse_args(arguments)
    if options.command == "up":
        return _up(options.no_demo)
    if options.command == "status":
        return _status(options.json)
    if options.command == "reset":
        return _reset(options.yes)
    return _down()


def _inside(command: str, arguments: Sequence[str]) -> int:
    """Goes on inside the virtual environment, where the libraries are."""
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), str(ROOT / "portal"), INSIDE, command, *arguments])


def _inner(command: str, arguments: list[str]) -> int:
    from portal_cli import testing, up

    if command == "up":
        return up.main(demo="--no-demo" not in arguments)
    if command == "bench":
        names = [word for word in arguments if not word.startswith("-")]
        return testing.run_bench(names, [word for word in arguments if word.startswith("-")])
    return testing.run_tests(arguments)


def _up(no_demo: bool) -> int:
    from portal_cli import up

    up.check()
    ensure_software()
    return _inside("up", ["--no-demo"] if no_demo else [])


def _down() -> int:
    from portal_cli import services

    path = homes.home_path()
    if not homes.exists(path):
        say(f"  · there is no portal in {path}")
        return 0
    with homes.alone(path):
        left = services.stop_all(homes.load(path))
    say("  ✓ stopped" + (f" (left over by the supervisor: {', '.join(left)})" if left else ""))
    return 0


def _status(as_json: bool) -> int:
    from portal_cli import services, site

    path = homes.home_path()
    if not homes.exists(path):
        if as_json:
            print(json.dumps({"ready": False, "url": None, "processes": {}}))
        say(f"  · there is no portal in {path}; start one with: ./portal up")
        return 1
    home = homes.load(path)
    found = services.states(home)
    processes = {name: info["pid"] for name, info in found.items() if info["pid"]}
    needed = {*services.BASE, "web", "worker"}
    ready = services.run(home, needed) and site.answers(home) and site.solr_answers(home)
    if as_json:
        facts = {
            "ready": bool(ready),
            "url": home.url,
            "solr_url": home.solr_url,
            "database_url": home.database_url("ckan"),
            "redis_url": home.redis_url,
            "admin_token_file": str(home.token_file),
            "processes": processes,
        }
        print(json.dumps(facts, indent=1))
    else:
        for name in sorted(needed | set(processes)):
            state = found.get(name, {}).get("statename", "STOPPED").lower()
            say(f"  {'✓' if name in processes else '✗'} {name}: {state}")
        say(f"  {'ready' if ready else 'not ready'}: {home.url}")
    return 0 if ready else 1


def _reset(yes: bool) -> int:
    import shutil

    path = homes.home_path()
    if not homes.exists(path):
        say(f"  · there is no portal in {path}")
        return 0
    if not yes:
        if not sys.stdin.isatty():
            raise StepFailed("reset deletes all data", "Say so with: ./portal reset --yes", code=2)
        if input(f"Delete the portal in {path} with all its data? [yes/NO] ") != "yes":
            return 1
    _down()
    shutil.rmtree(path)
    say(f"  ✓ deleted {path}")
    return 0


def _ckan(arguments: list[str]) -> int:
    from portal_cli import services

    home = homes.load(homes.home_path())
    if not services.states(home):
        raise StepFailed("The portal does not run", "Start it with: ./portal up", code=2)
    env = {**os.environ, "CKAN_INI": str(home.ini)}
    return subprocess.run([str(CKAN), *arguments], env=env, check=False).returncode


def _test(arguments: list[str]) -> int:
    if "--stop" not in arguments:
        ensure_software(dev=True)
    return _inside("test", arguments)


def _bench(arguments: list[str]) -> int:
    benches = sorted(path.stem for path in BENCHES.glob("[!_]*.py"))
    names = [word for word in arguments if not word.startswith("-")]
    for name in names:
        if name not in benches:
            known = ", ".join(benches)
            raise StepFailed(f"There is no bench {name}", f"Take one of: {known}", code=2)
    ensure_software(dev=True)
    options = [word for word in arguments if word.startswith("-")]
    usual = [name for name in benches if name not in ONLY_BY_NAME]
    return _inside("bench", [*(names or usual), *options])
