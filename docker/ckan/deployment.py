"""The portal of a container: the local portal's state, with the servers of compose.yaml.

Addresses come from the environment, every secret from a file of its own; neither has a default
secret anywhere. What makes the configuration (`portal_cli.site.write_ini`) is the local form's.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, urlsplit

from portal_cli.home import Home
from portal_cli.steps import StepFailed

#: Shorter than this is guessed or typed by hand; make_secrets.py writes 43 characters.
SHORTEST = 24
#: Secrets of every role that serves the portal: name of the file -> name in `Home.passwords`.
SERVING = {
    "ckan_password": "ckan",
    "datastore_password": "datastore",
    "redis_password": "redis",
    "session_key": "session",
    "jwt_key": "jwt",
    "encryption_key": "encryption",
}
#: What the set-up needs besides, and nothing else gets.
SETTING_UP = {"postgres_password": "postgres"}


class Deployment(Home):
    """A `Home` whose services are other containers."""

    @property
    def ini(self) -> Path:
        """In memory only: it holds secrets."""
        return Path(os.environ.get("PORTAL_RUN", "/run/portal")) / "ckan.ini"

    @property
    def options_file(self) -> Path:
        return Path(os.environ.get("PORTAL_OPTIONS", "/etc/portal/options.ini"))

    @property
    def url(self) -> str:
        return site_url(os.environ.get("PORTAL_URL", ""))

    @property
    def solr_url(self) -> str:
        return _needed("SOLR_URL")

    @property
    def redis_url(self) -> str:
        return f"redis://:{quote(self.passwords['redis'], safe='')}@{_needed('REDIS_HOST')}/0"

    def database_url(self, database: str = "ckan", user: str = "ckan") -> str:
        password = quote(self.passwords[user], safe="")
        return f"postgresql://{user}:{password}@{_needed('POSTGRES_HOST')}/{database}"


def deployment(names: dict[str, str]) -> Deployment:
    """The portal with these secrets. StepFailed names the first that is missing or too short."""
    path = Path(os.environ.get("PORTAL_DATA", "/data"))
    return Deployment(path, 0, {}, {ours: secret(file) for file, ours in names.items()})


def secret(name: str) -> str:
    """The content of a secret's file. StepFailed when it cannot serve as a secret."""
    place = Path(os.environ.get("PORTAL_SECRETS", "/run/secrets")) / name
    todo = "Run docker/make_secrets.py beside compose.yaml, then start again."
    try:
        value = place.read_text().strip()
    except OSError as error:
        what = f"The secret {name} cannot be read ({place}: {error.strerror})"
        raise StepFailed(what, todo, code=2) from error
    if len(value) < SHORTEST or re.search(r"\s", value):
        what = f"The secret {name} is too short or has spaces in it ({place})"
        raise StepFailed(what, f"It needs {SHORTEST} characters or more. {todo}", code=2)
    return value


def site_url(given: str) -> str:
    """The address of the site as CKAN writes it into links. StepFailed unless it is https."""
    url = given.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.path or parts.query:
        raise StepFailed(
            f"PORTAL_URL is {given!r}, which is no address of a site in production",
            "Give the address that people type, such as PORTAL_URL=https://data.example.vn",
            code=2,
        )
    return url


def _needed(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise StepFailed(f"{name} is not set", "compose.yaml sets it: compare yours.", code=2)
    return value
