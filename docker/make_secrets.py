"""Makes the secrets of a production portal, once: `python3 docker/make_secrets.py HOST`.

Each is a file of its own in docker/secrets (which Git ignores); what is there already stays. The
certificate is a self-signed one for HOST to start with: put the real tls.crt and tls.key in place.
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
    "admin_password",
)


def main(host: str, folder: Path = FOLDER) -> None:
    """Writes what is missing. The containers' users read them, so the folder is what is closed."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in NAMES:
        _write(folder / name, secrets.token_urlsafe(32))
    _write(folder / "redis.conf", f"requirepass {(folder / 'redis_password').read_text()}\n")
    if not (folder / "tls.crt").exists():
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365"]
        command += ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
        command += ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
        subprocess.run(command, check=True, capture_output=True)
    print(f"The administrator's first password is in {folder / 'admin_password'}")


def _write(place: Path, value: str) -> None:
    if not place.exists():
        place.write_text(value)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
