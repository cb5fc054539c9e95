"""One role of the portal in a container: `serve.py init | web | worker | health ROLE`.

Settings come from the environment (`PORTAL_URL`, `POSTGRES_HOST`, `REDIS_HOST`, `SOLR_URL`), every
secret from a file of its own in `/run/secrets`. There is no default for any of them. The image has
`docker/local` on its path: what runs here is what `./portal up` runs.
"""

from __future__ import annotations

import os
import runpy
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from portal_cli import postgres, services, site
from portal_cli.home import write_private
from portal_cli.software import LOCAL, VENV

SECRETS = Path(os.environ.get("PORTAL_SECRETS", "/run/secrets"))
DATA = Path(os.environ.get("PORTAL_DATA", "/data"))
WEB_PORT = os.environ.get("PORTAL_PORT", "5000")
#: Seconds after which a worker that gave no sign of life counts as dead; it gives one every ten.
SILENCE = 60


def main(arguments: list[str]) -> int:
    """Runs a role; `web` and `worker` become the process that they start."""
    roles: dict[str, Callable[[], int]] = {"init": _init, "web": _web, "worker": _worker}
    checks: dict[str, Callable[[], int]] = {"web": _web_is_well, "worker": _worker_is_well}
    if arguments[0] == "health":
        return checks[arguments[1]]()
    return roles[arguments[0]]()


def _secret(name: str) -> str:
    value = (SECRETS / name).read_text().strip()
    if not value:
        sys.exit(f"The secret {SECRETS / name} is empty: run docker/make_secrets.py")
    return value


def _database(user: str, secret: str, database: str) -> str:
    host = os.environ["POSTGRES_HOST"]
    return f"postgresql://{user}:{quote(_secret(secret), safe='')}@{host}/{database}"


def _superuser(database: str) -> str:
    return _database("postgres", "postgres_password", database)


def _write_ini() -> Path:
    """CKAN's configuration from the template that the local portal takes too."""
    folders = {name: DATA / name for name in ("storage", "files", "sources")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    redis = f"redis://:{quote(_secret('redis_password'), safe='')}@{os.environ['REDIS_HOST']}/0"
    values: dict[str, str | Path] = {
        "LOCAL_INI": DATA / "local.ini",
        "SITE_URL": os.environ["PORTAL_URL"].rstrip("/"),
        "PLUGINS": site.PLUGINS,
        "SECRET": _secret("session_key"),
        "JWT": _secret("jwt_key"),
        "DATABASE_URL": _database("ckan", "ckan_password", "ckan"),
        "DATASTORE_WRITE_URL": _database("ckan", "ckan_password", "datastore"),
        "DATASTORE_READ_URL": _database("datastore", "datastore_password", "datastore"),
        "JOBS_URL": _database("ckan", "ckan_password", "jobs"),
        "SOLR_URL": os.environ["SOLR_URL"],
        "REDIS_URL": redis,
        "STORAGE": folders["storage"],
        "FILES": folders["files"],
        "SECRETS_DIR": folders["sources"],
        "SECURE": "true",
    }
    local = DATA / "local.ini"
    options = local.read_text() if local.exists() else ""
    ini = Path(tempfile.gettempdir()) / "ckan.ini"
    write_private(ini, site.fill((LOCAL / "ckan.ini.template").read_text(), values, options))
    os.environ["CKAN_INI"] = str(ini)
    return ini


def _init() -> int:
    """Databases, migrations, permissions, the administrator: harmless when done already."""
    passwords = {"ckan": _secret("ckan_password"), "datastore": _secret("datastore_password")}
    postgres.create_databases(_superuser, passwords)
    _write_ini()
    os.environ["PORTAL_SUPERUSER_URL"] = _superuser("datastore")
    script = str(LOCAL / "initialise.py")
    sys.argv = [script, str(SECRETS / "admin_password"), str(DATA / "admin_token")]
    runpy.run_path(script, run_name="__main__")
    return 0


def _web() -> int:
    _write_ini()
    bind = f"{os.environ.get('PORTAL_BIND', '0.0.0.0')}:{WEB_PORT}"  # noqa: S104  in a container
    command = services.web_command(bind, Path(tempfile.gettempdir()))
    os.execv(command[0], command)


def _worker() -> int:
    _write_ini()
    ckan = str(VENV / "bin" / "ckan")
    os.execv(ckan, [ckan, "thanhhoa", "worker"])


def _web_is_well() -> int:
    url = f"http://127.0.0.1:{WEB_PORT}/api/3/action/status_show"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return 0 if answer.status == 200 else 1


def _worker_is_well() -> int:
    import psycopg2

    url = _database("ckan", "ckan_password", "jobs")
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_workers"
            " WHERE last_heartbeat > now() - make_interval(secs => %s)",
            (SILENCE,),
        )
        alive = cursor.fetchone()[0]
    return 0 if alive else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
