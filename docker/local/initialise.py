"""Sets up what CKAN needs in its databases, all in one process: loading CKAN once is enough.

Usage: python initialise.py PASSWORD_FILE [TOKEN_FILE] [--rebuild-index], with the configuration in
`CKAN_INI` and a superuser's URL of the DataStore's database in `PORTAL_SUPERUSER_URL`. Every part
does nothing when it is done already; without TOKEN_FILE no token is made.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import ckan.plugins.toolkit as tk
import psycopg2
from ckan import model
from ckan.cli import load_config
from ckan.cli.db import _migrate_plugins, _run_migrations
from ckan.config.middleware import make_app
from ckanext.datastore.cli import _parse_db_config, permissions_sql

ADMIN = "admin"


def main(password_file: Path, token_file: Path | None, rebuild: bool) -> None:
    """Migrations, DataStore permissions, the administrator and their API token, the index."""
    app = make_app(load_config(os.environ["CKAN_INI"]))
    _run_migrations("")
    _migrate_plugins(apply=True)
    _set_permissions()
    with app._wsgi_app.test_request_context():
        _ensure_admin(password_file)
        if token_file is not None:
            _ensure_token(token_file)
        if rebuild:
            from ckanext.thanhhoa import rebuilding

            print("datasets indexed anew:", rebuilding.rebuild_beside().indexed)


def _set_permissions() -> None:
    """The read-only role's rights in the DataStore: what `ckan datastore set-permissions` prints,
    carried out over one connection to that database (so without psql's `connect`)."""
    write = _parse_db_config("ckan.datastore.write_url")
    sql = permissions_sql(
        maindb=_parse_db_config("sqlalchemy.url")["db_name"],
        datastoredb=write["db_name"],
        mainuser=_parse_db_config("sqlalchemy.url")["db_user"],
        writeuser=write["db_user"],
        readuser=_parse_db_config("ckan.datastore.read_url")["db_user"],
    )
    statements = "\n".join(line for line in sql.splitlines() if not line.startswith("\\"))
    connection = psycopg2.connect(os.environ["PORTAL_SUPERUSER_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute(statements)
    connection.close()


def _ensure_admin(password_file: Path) -> None:
    if model.User.get(ADMIN) is None:
        tk.get_action("user_create")(
            {"ignore_auth": True},
            {
                "name": ADMIN,
                "fullname": "Quản trị hệ thống",
                "email": "admin@localhost.localdomain",
                "password": password_file.read_text().strip(),
            },
        )
    user = model.User.get(ADMIN)
    if not user.sysadmin:
        user.sysadmin = True
        model.Session.commit()


def _ensure_token(token_file: Path) -> None:
    if token_file.exists():
        return
    data = {"user": ADMIN, "name": "portal"}
    made = tk.get_action("api_token_create")({"ignore_auth": True, "user": ADMIN}, data)
    new = token_file.with_name(token_file.name + ".new")
    new.touch(mode=0o600)
    new.write_text(made["token"])
    new.replace(token_file)


if __name__ == "__main__":
    files = [Path(word) for word in sys.argv[1:] if not word.startswith("--")]
    main(files[0], files[1] if len(files) > 1 else None, "--rebuild-index" in sys.argv)
