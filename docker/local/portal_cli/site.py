"""CKAN's configuration, its set-up in the databases, and whether it answers."""

from __future__ import annotations

import os
import secrets
import urllib.error
import urllib.request
from pathlib import Path

from portal_cli.home import Home, write_private
from portal_cli.services import index_is_fresh, index_is_stale, run
from portal_cli.software import LOCAL, PYTHON
from portal_cli.steps import run_logged, wait_for

PLUGINS = (
    "thanhhoa scheming_datasets scheming_organizations activity datastore datatables_view "
    "text_view image_view dcat structured_data"
)
FOR_TESTS = """\
testing = true
SERVER_NAME = test.ckan.net
SESSION_TYPE = cookie
ckan.auth.create_user_via_api = true
"""


def write_ini(home: Home, test: bool = False) -> Path:
    """`ckan.ini` of this home, with a person's own options from `local.ini` beside it."""
    local = home.options_file
    options = (local.read_text() if local.exists() else "") + (FOR_TESTS if test else "")
    for name in ("storage", "files", "secrets/sources"):
        (home.path / name).mkdir(parents=True, exist_ok=True)
    values = {
        "LOCAL_INI": local,
        "SITE_URL": "http://test.ckan.net" if test else home.url,
        "PLUGINS": PLUGINS,
        "SECRET": home.passwords["session"],
        "JWT": home.passwords["jwt"],
        "ENCRYPTION": home.passwords.get("encryption", ""),
        "DATABASE_URL": home.database_url("ckan"),
        "DATASTORE_WRITE_URL": home.database_url("datastore"),
        "DATASTORE_READ_URL": home.database_url("datastore", "datastore"),
        "JOBS_URL": home.database_url("jobs"),
        "SOLR_URL": home.solr_url,
        "REDIS_URL": home.redis_url,
        "STORAGE": home.path / "storage",
        "FILES": home.path / "files",
        "SECRETS_DIR": home.path / "secrets" / "sources",
        "READING_DIR": home.path / "reading",
        "SECURE": "true" if home.url.startswith("https:") else "false",
    }
    write_private(home.ini, fill((LOCAL / "ckan.ini.template").read_text(), values, options))
    return home.ini


def fill(template: str, values: dict[str, str | Path], options: str) -> str:
    """The template with its @PLACES@ filled; `options` (lines `key = value`) take precedence."""
    named = {line.split("=")[0].strip() for line in options.splitlines() if "=" in line}
    kept = [line for line in template.splitlines() if line.split("=")[0].strip() not in named]
    text = "\n".join(kept) + "\n"
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value).replace("%", "%%"))
    return text.replace("@LOCAL@", options)


def initialise(home: Home) -> None:
    """Database schemas, DataStore permissions, the admin and their token: in one process."""
    if not home.password_file.exists():
        write_private(home.password_file, secrets.token_urlsafe(12))
    rebuild = ["--rebuild-index"] if index_is_stale(home) else []
    run_logged(
        [PYTHON, LOCAL / "initialise.py", home.password_file, home.token_file, *rebuild],
        home.logs / "initialise.log",
        "The portal's databases could not be set up",
        "Look at the log; run the command again.",
        env={
            **os.environ,
            "CKAN_INI": str(home.ini),
            "PORTAL_SUPERUSER_URL": home.superuser_url("datastore"),
        },
        cwd=home.path,
    )
    index_is_fresh(home)


def answers(home: Home) -> bool | None:
    """True once the site answers over HTTP, None before."""
    return _answers(f"{home.url}/api/3/action/status_show")


def solr_answers(home: Home) -> bool | None:
    """True once Solr's core answers, None before."""
    return _answers(f"{home.solr_url}/admin/ping?wt=json")


def _answers(url: str) -> bool | None:
    try:
        with urllib.request.urlopen(url, timeout=10) as got:
            return True if got.status == 200 else None
    except (urllib.error.URLError, OSError):
        return None


def wait_for_site(home: Home) -> None:
    """Until the site answers. StepFailed after two minutes."""
    wait_for(
        lambda: answers(home) if run(home, ["web"]) else None,
        120,
        "The site does not answer",
        "Look at the log; run the command again.",
        home.logs / "web.log",
    )
