"""One role of the portal in a container: `serve.py init | web | worker | health ROLE`.

The image has `docker/local` on its path: what runs here is what `./portal up` runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

from deployment import SERVING, SETTING_UP, Deployment, deployment, secret
from portal_cli import postgres, services, site
from portal_cli.software import LOCAL, PYTHON, VENV
from portal_cli.steps import StepFailed, say

WEB_PORT = os.environ.get("PORTAL_PORT", "5000")
CKAN = str(VENV / "bin" / "ckan")
#: Seconds after which a worker that gave no sign of life counts as dead; it gives one every ten.
SILENCE = 60


def main(arguments: list[str]) -> int:
    """Runs a role; `web` and `worker` become the process that they start."""
    roles: dict[str, Callable[[], int]] = {
        "init": _init,
        "web": _web,
        "worker": _worker,
        "health web": _web_is_well,
        "health worker": _worker_is_well,
    }
    role = roles.get(" ".join(arguments))
    if role is None:
        say(str(__doc__))
        return 2
    try:
        return role()
    except StepFailed as failure:
        say(f"✗ {failure.what}\n  {failure.todo}")
        return failure.code


def _init() -> int:
    """Databases, migrations, permissions, the administrator, the index: harmless when done."""
    secret("admin_password")  # said before anything is set up with it
    home = _configured({**SERVING, **SETTING_UP})
    postgres.create_databases(home.superuser_url, home.passwords)
    os.environ["PORTAL_SUPERUSER_URL"] = home.superuser_url("datastore")
    folder = Path(os.environ.get("PORTAL_SECRETS", "/run/secrets"))
    steps = (
        [str(PYTHON), str(LOCAL / "initialise.py"), str(folder / "admin_password")],
        # After an upgrade the index may be of an older configset, and after a restored backup it
        # is not what the database says.
        [CKAN, "thanhhoa", "index", "rebuild", "--if-outdated"],
        [CKAN, "thanhhoa", "index", "reconcile"],
    )
    for command in steps:
        done = subprocess.run(command, check=False)
        if done.returncode:
            return done.returncode
    return 0


def _web() -> int:
    home = _configured(SERVING)
    bind = f"{os.environ.get('PORTAL_BIND', '0.0.0.0')}:{WEB_PORT}"  # noqa: S104  in a container
    workers = int(os.environ.get("PORTAL_WEB_WORKERS", services.WEB_WORKERS))
    command = services.web_command(bind, home.ini.parent, workers)
    os.execv(command[0], command)


def _worker() -> int:
    _configured(SERVING)
    concurrency = os.environ.get("PORTAL_CONCURRENCY", "8")
    os.execv(CKAN, [CKAN, "thanhhoa", "worker", "--concurrency", concurrency])


def _configured(secrets: dict[str, str]) -> Deployment:
    home = deployment(secrets)
    os.environ["CKAN_INI"] = str(site.write_ini(home))
    return home


def _web_is_well() -> int:
    url = f"http://127.0.0.1:{WEB_PORT}/api/3/action/status_show"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return 0 if answer.status == 200 else 1


def _worker_is_well() -> int:
    """Whether the worker of this container serves the queue, as PostgreSQL sees it."""
    import psycopg2

    url = deployment({"ckan_password": "ckan"}).database_url("jobs")
    with psycopg2.connect(url, connect_timeout=5) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM procrastinate_workers"
            "  WHERE last_heartbeat > now() - make_interval(secs => %s))"
            # Other containers' workers give signs too: this one's connections have its address.
            " AND EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            "  AND client_addr = inet_client_addr() AND pid <> pg_backend_pid())",
            (SILENCE,),
        )
        return 0 if cursor.fetchone()[0] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
