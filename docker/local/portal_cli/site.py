"""CKAN's configuration and its first-time set-up."""

from __future__ import annotations

import os
import secrets
import urllib.error
import urllib.request
from pathlib import Path

from portal_cli.home import Home, write_private
from portal_cli.software import LOCAL, PYTHON
from portal_cli.steps import run_logged, wait_for

PLUGINS = (
    "thanhhoa scheming_datasets scheming_organizations activity datastore datatables_view "
    "text_view image_view dcat structured_data"
)


def write_ini(home: Home, test: bool = False) -> Path:
    """`ckan.ini` of this home; the person's own options come from `local.ini` beside it."""
    local = home.path / "local.ini"
    values = {
        "LOCAL_INI": local,
        "SITE_URL": "http://test.ckan.net" if test else home.url,
        "PLUGINS": PLUGINS,
        "SECRET": home.passwords["session"],
        "JWT": home.passwords["jwt"],
        "DATABASE_URL": home.database_url("ckan"),
        "DATASTORE_WRITE_URL": home.database_url("datastore"),
        "DATASTORE_READ_URL": home.database_url("datastore", "datastore"),
        "JOBS_URL": home.database_url("jobs"),
        "SOLR_URL": home.solr_url,
        "REDIS_URL": home.redis_url,
        "STORAGE": home.path / "storage",
        "SECRETS_DIR": home.path / "secrets" / "sources",
        "SECURE": "false",
    }
    text = (LOCAL / "ckan.ini.template").read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value).replace("%", "%%"))
    if test:
        text += "\n[pytest]\n" if False else "\ntesting = true\nSERVER_NAME = test.ckan.net\n"
    if local.exists():
        text += f"\n# From {local}\n{local.read_text()}"
    write_private(home.ini, text)
    return home.ini


def initialise(home: Home) -> None:
    """Database schemas, DataStore permissions, the admin and their token: in one process."""
    if not home.password_file.exists():
        write_private(home.password_file, secrets.token_urlsafe(12))
    run_logged(
        [PYTHON, LOCAL / "initialise.py", home.password_file, home.token_file],
        home.logs / "initialise.log",
        "The portal's databases could not be set up",
        "Look at the log; run the command again.",
        env={**os.environ, "CKAN_INI": str(home.ini)},
        cwd=home.path,
    )


def answers(home: Home) -> bool | None:
    """True once the site answers over HTTP, None before."""
    try:
        with urllib.request.urlopen(f"{home.url}/api/3/action/status_show", timeout=10) as got:
            return True if got.status == 200 else None
    except (urllib.error.URLError, OSError):
        return None


def solr_answers(home: Home) -> bool | None:
    """True once Solr's core answers, None before."""
    try:
        with urllib.request.urlopen(f"{home.solr_url}/admin/ping?wt=json", timeout=5) as got:
            return True if got.status == 200 else None
    except (urllib.error.URLError, OSError):
        return None


def wait_for_site(home: Home) -> None:
    """Until the site answers. StepFailed after two minutes."""
    wait_for(
        lambda: answers(home),
        120,
        "The site does not answer",
        "Look at the log; run the command again.",
        home.logs / "web.log",
    )
