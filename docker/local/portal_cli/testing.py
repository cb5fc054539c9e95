"""`./portal test`: private services in a home of their own, then lint, types and tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from portal_cli import home as homes
from portal_cli import postgres, services, site
from portal_cli.home import Home
from portal_cli.software import PYTHON, ROOT, install_packages
from portal_cli.steps import StepFailed, say, step
from portal_cli.up import start_base

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def main(arguments: list[str]) -> int:
    """Exit code 0 only if everything passed."""
    kept = os.environ.get("PORTAL_TEST_KEEP")
    if "--stop" in arguments:
        if kept and homes.exists(Path(kept)):
            services.stop_all(homes.load(Path(kept)))
        return 0
    if not arguments:
        _ensure_chromium()
    path = Path(kept).resolve() if kept else Path(tempfile.mkdtemp(prefix="portal-test-"))
    home = None
    try:
        home = _services(path)
        return _tests(home, arguments)
    finally:
        if not kept:
            if home is not None:
                services.stop_all(home)
            shutil.rmtree(path, ignore_errors=True)


def _ensure_chromium() -> None:
    if not any(shutil.which(name) for name in CHROMIUM):
        install_packages("chromium")


def _services(path: Path) -> Home:
    if homes.exists(path):
        home = homes.load(path)
        if services.states(home):
            site.write_ini(home, test=True)
            return home
    else:
        home = homes.create(path, homes.free_ports(("web",))["web"])
    postgres.prepare(home)
    services.prepare(home)
    site.write_ini(home, test=True)
    start_base(home)
    with step("databases of the tests"):
        postgres.create_databases(home)
        site.initialise(home)
    return home


def _tests(home: Home, arguments: list[str]) -> int:
    codes = []
    if not arguments:
        for title, command in (
            ("ruff check", ["ruff", "check", "."]),
            ("ruff format", ["ruff", "format", "--check", "."]),
            ("mypy --strict harvesters schemas", ["mypy"]),
        ):
            codes.append(_tool(title, command))
    env = {
        **os.environ,
        "CKAN_INI": str(home.ini),
        "PORTAL_TEST_INI": str(home.ini),
        "PORTAL_TEST_HOME": str(home.path),
        "PORTAL_TEST_DATABASE_URL": home.database_url("ckan", "postgres"),
        "PORTAL_TEST_SOLR_URL": home.solr_url,
        "PORTAL_TEST_REDIS_URL": home.redis_url,
    }
    command = [str(PYTHON), "-m", "pytest", f"--ckan-ini={home.ini}", *arguments]
    codes.append(subprocess.run(command, cwd=ROOT, env=env, check=False).returncode)
    return max(codes)


def _tool(title: str, command: list[str]) -> int:
    tool = str(PYTHON.with_name(command[0]))
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, check=False)
    say(f"  {'✗' if done.returncode else '✓'} {title}")
    return done.returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StepFailed as failed:
        say(f"  ✗ {failed.what}")
        if failed.log is not None:
            say(f"    log: {failed.log}")
        say(f"    {failed.todo}")
        sys.exit(failed.code)
    except KeyboardInterrupt:
        sys.exit(130)
