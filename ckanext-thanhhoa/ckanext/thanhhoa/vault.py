"""Secrets of sources: sealed before they reach the database, opened only to sign in at a source."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

from ckan.exceptions import CkanConfigurationException
from ckan.plugins import toolkit
from ckanext.thanhhoa import config
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from harvesters.errors import HarvestError

#: The reference that stands for a sealed secret in a source's configuration.
STORED = "stored:secret"
_ENV = re.compile(r"env:(PORTAL_SECRET_[A-Z0-9_]+)")
_FILE = re.compile(r"file:([A-Za-z0-9_-]+)")
_MAX_BYTES = 65536


def seal(secret: str) -> str:
    """Encrypted for the database."""
    return _fernet().encrypt(secret.encode()).decode("ascii")


def resolve(reference: str, sealed: str | None) -> str:
    """The secret behind a reference: `stored:…`, `env:PORTAL_SECRET_NAME` or `file:NAME`.

    Nothing outside these two namespaces can be named. Raises `secret_missing`, or
    `bad_secret_reference` for any other form.
    """
    if reference.startswith("stored:"):
        return _open(sealed)
    if match := _ENV.fullmatch(reference):
        value = os.environ.get(match[1], "")
        return _present(value, match[1])
    if match := _FILE.fullmatch(reference):
        return _present(_read(match[1]), match[1])
    raise HarvestError("bad_secret_reference", where="auth.secret")


def _open(sealed: str | None) -> str:
    if not sealed:
        raise HarvestError("secret_missing")
    try:
        return _fernet().decrypt(sealed.encode("ascii")).decode()
    except InvalidToken as error:
        raise HarvestError("secret_missing") from error


def _read(name: str) -> str:
    folder = config.secrets_dir()
    if not folder:
        return ""
    try:
        with (Path(folder) / name).open("rb") as file:
            return file.read(_MAX_BYTES).decode().strip("\r\n")
    except (OSError, UnicodeDecodeError):
        return ""


def _present(value: str, name: str) -> str:
    if not value:
        raise HarvestError("secret_missing", name=name)
    return value


def _fernet() -> Fernet:
    material = config.encryption_key() or toolkit.config.get("SECRET_KEY") or ""
    if not material:
        raise CkanConfigurationException("SECRET_KEY is not set: secrets cannot be stored")
    derived = HKDF(SHA256(), 32, salt=None, info=b"thanhhoa source secrets")
    return Fernet(base64.urlsafe_b64encode(derived.derive(str(material).encode())))
