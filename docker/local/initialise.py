"""Sets up what CKAN needs in its databases, all in one process: loading CKAN once is enough.

Usage: python initialise.py PASSWORD_FILE TOKEN_FILE, with CKAN_INI in the environment. Every part
does nothing when it is done already.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from click.testing import CliRunner

ADMIN = "admin"


def main(password_file: Path, token_file: Path) -> None:
    """Migrations, DataStore permissions, the administrator and their API token."""
    from ckan.cli.cli import ckan

    ini = os.environ["CKAN_INI"]
    for command in (["db", "upgrade"], ["db", "pending-migrations", "--apply"]):
        _invoke(ckan, ["-c", ini, *command])
    set_permissions()
    _admin(password_file, token_file)


def _invoke(cli: object, arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, arguments)  # type: ignore[arg-type]
    print("$ ckan", " ".join(arguments[2:]), "\n", result.output)
    if result.exit_code:
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        sys.exit(result.exit_code)


def set_permissions() -> None:
    """The read-only role's rights in the DataStore (what `datastore set-permissions` prints)."""
    import psycopg2
    from ckan.common import config
    from ckanext.datastore.cli import _parse_db_config, permissions_sql  # type: ignore

    write, read = _parse_db_config("ckan.datastore.write_url"), _parse_db_config(
        "ckan.datastore.read_url"
    )
    main = _parse_db_config("sqlalchemy.url")
    sql = permissions_sql(
        maindb=main["db_name"],
        datastoredb=write["db_name"],
        mainuser=main["db_user"],
        writeuser=write["db_user"],
        readuser=read["db_user"],
    )
    statements = "\n".join(line for line in sql.splitlines() if not line.startswith("\\"))
    url = os.environ.get("PORTAL_SUPERUSER_URL") or config["ckan.datastore.write_url"]
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statements)


def _admin(password_file: Path, token_file: Path) -> None:
    import ckan.plugins.toolkit as tk
    from ckan import model

    site = {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    if model.User.get(ADMIN) is None:
        tk.get_action("user_create")(
            dict(site),
            {
                "name": ADMIN,
                "fullname": "Quản trị hệ thống",
                "email": "admin@localhost.local",
                "password": password_file.read_text().strip(),
            },
        )
    user = model.User.get(ADMIN)
    if not user.sysadmin:
        user.sysadmin = True
        model.repo.commit_and_remove()
    if not token_file.exists():
        made = tk.get_action("api_token_create")(dict(site), {"user": ADMIN, "name": "portal"})
        token_file.touch(mode=0o600)
        token_file.write_text(made["token"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
