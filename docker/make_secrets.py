#!/usr/bin/env python3
"""Makes the secrets of a production portal, once: `docker/make_secrets.py HOST`.

Each is a file of its own in docker/secrets (which Git ignores); what is there already stays, and an
interrupted or hand-made file that is too short is named. The certificate is a self-signed one for
HOST to start with: put the real tls.crt and tls.key in its place.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "secrets"
NAMES = (
    "postgres_password",
    "ckan_password",
    "datastore_password",
    "redis_password",
    "session_key",
    "jwt_key",
    "encryption_key",
    "admin_password",
)
#: As in docker/ckan/deployment.py.
SHORTEST = 24


def main(host: str, folder: Path = FOLDER) -> int:
    """Writes what is missing; 1 when a secret that is there is of no use.

    The folder is closed to everybody else on the machine. The files in it are read by the users of
    the containers, whom compose gives exactly those files: it cannot change their owner, so a
    mode of 0600 would shut them out.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / "sources").mkdir(exist_ok=True)
    for name in NAMES:
        _write(folder / name, secrets.token_urlsafe(32))
    if not (folder / "tls.crt").exists():
        _self_signed(host, folder)
    weak = [name for name in NAMES if len((folder / name).read_text().strip()) < SHORTEST]
    for name in weak:
        print(
            f"{folder / name} is shorter than {SHORTEST} characters: remove it and run this again."
        )
    print(f"The administrator's first password is in {folder / 'admin_password'}")
    return 1 if weak else 0


def _write(place: Path, value: str) -> None:
    if place.exists():
        place.chmod(0o444)
        return
    new = place.with_name(place.name + ".new")
    new.write_text(value)
    new.chmod(0o444)
    new.replace(place)


def _self_signed(host: str, folder: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365"]
    command += ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    command += ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    subprocess.run(command, check=True, capture_output=True)
    for name in ("tls.key", "tls.crt"):
        (folder / name).chmod(0o444)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
