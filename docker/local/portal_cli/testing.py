"""`./portal test` and `./portal bench`: private services in a home of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal_cli import home as homes
from portal_cli import postgres, services, site
from portal_cli.home import Home
from portal_cli.software import PYTHON, ROOT, install_packages
from portal_cli.steps import say, step
from portal_cli.up import start_base

#: Samba's server, for the tests of Windows shares; they are skipped where it cannot be had.
SBIN = "/usr/sbin:/usr/local/sbin:/usr/bin"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHECKS = (
    ("ruff check", ["ruff", "check", "."]),
    ("ruff format", ["ruff", "format", "--check", "."]),
    ("mypy --strict harvesters schemas", ["mypy"]),
)


def run_tests(arguments: list[str]) -> int:
    """Lint, types and all tests; with arguments pytest alone. 0 only if everything passed."""
    if "--stop" in arguments:
        return _stop_kept()
    codes = []
    if not arguments:
        codes = [_check(title, command) for title, command in CHECKS]
        if not any(shutil.which(name) for name in CHROMIUM):
            install_packages("chromium")
        if os.geteuid() == 0 and shutil.which("smbd", path=SBIN) is None:
            install_packages("samba")
        if os.geteuid() == 0 and shutil.which("mariadbd", path=SBIN) is None:
            install_packages("mariadb-server-core")
    with _services() as home:
        command = [str(PYTHON), "-m", "pytest", *arguments]
        codes.append(subprocess.run(command, cwd=ROOT, env=_env(home), check=False).returncode)
    return max(codes)


def run_bench(names: list[str], options: list[str]) -> int:
    """Each bench of `tests/bench` with services of its own; the highest exit code."""
    codes = []
    for name in names:
        with _services() as home:
            command = [str(PYTHON), "-m", f"tests.bench.{name}", *options]
            codes.append(subprocess.run(command, cwd=ROOT, env=_env(home), check=False).returncode)
    return max(codes, default=0)


def _check(title: str, command: list[str]) -> int:
    tool = str(PYTHON.with_name(command[0]))
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, check=False)
    say(f"  {'✗' if done.returncode else '✓'} {title}")
    return done.returncode


def _env(home: Home) -> dict[str, str]:
    return {
        **os.environ,
        "CKAN_INI": str(home.ini),
        "PORTAL_TEST_INI": str(home.ini),
        "PORTAL_TEST_HOME": str(home.path),
        "PORTAL_TEST_DATABASE_URL": home.database_url("ckan", "postgres"),
        "PORTAL_TEST_SOLR_URL": home.solr_url,
        "PORTAL_TEST_REDIS_URL": home.redis_url,
    }


@contextmanager
def _services() -> Iterator[Home]:
    """Running PostgreSQL, Redis and Solr with set-up databases; kept in `$PORTAL_TEST_KEEP`."""
    kept = os.environ.get("PORTAL_TEST_KEEP")
    if kept:
        yield _started(Path(kept).resolve())
        return
    path = Path(tempfile.mkdtemp(prefix="portal-test-")).resolve()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield _started(path)
    finally:
        if homes.exists(path):
            services.stop_all(homes.load(path))
        shutil.rmtree(path, ignore_errors=True)


def _stop_kept() -> int:
    kept = os.environ.get("PORTAL_TEST_KEEP")
    if kept and homes.exists(Path(kept).resolve()):
        services.stop_all(homes.load(Path(kept).resolve()))
    return 0


def _started(path: Path) -> Home:
    with homes.alone(path):
        home = homes.load(path) if homes.exists(path) else homes.create(path, 0)
        site.write_ini(home, test=True)
        if not services.states(home):
            postgres.prepare(home, throwaway=True)
            services.prepare(home)
            start_base(home)
        with step("databases of the tests"):
            postgres.create_databases(home.superuser_url, home.passwords)
            site.initialise(home)
    return home
