"""A real web server with a filled portal, and a real browser that looks at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-dev-shm-usage", "--disable-component-update", "--no-first-run",
]  # fmt: skip
PATIENCE = 90


@dataclass(frozen=True)
class Site:
    """The running portal and the names of what `fill` put there."""

    url: str
    agency: str
    dataset: str
    table: str
    restricted: str
    clerk: str
    source: str

    def pages(self) -> dict[str, str]:
        """Every kind of page that a reader sees, by what it is."""
        return {
            "home": "/",
            "search": "/dataset/?q=dan+so",
            "nothing found": "/dataset/?q=zzzzqqqq&theme=01",
            "found near": "/dataset/?q=dan+so&theme=02",
            "old place": "/dataset/?q=dan+so+huyen+quang+xuong",
            "refused search": "/dataset/?q=title:(",
            "dataset": f"/dataset/{self.dataset}",
            "restricted": f"/dataset/{self.restricted}",
            "resource": f"/dataset/{self.dataset}/resource/{self.table}",
            "agencies": "/organization/",
            "agency": f"/organization/{self.agency}",
            "about": "/about",
            "log in": "/user/login",
            "not found": "/khong-co-trang-nay",
            "refused": "/ckan-admin/",
        }

    def clerk_pages(self) -> dict[str, str]:
        """The pages of who publishes, by what they are."""
        sources = "/nguon-du-lieu"
        return {
            "sources": f"{sources}/",
            "source": f"{sources}/{self.source}",
            "file": f"{sources}/{self.source}/tep",
            "add a source": f"{sources}/-/them",
            "change a source": f"{sources}/{self.source}/sua",
        }

    def sign_in(self, page: Any) -> None:
        """Signs the clerk in, in that browser page."""
        page.goto(f"{self.url}/user/login")
        page.fill("#field-login", self.clerk)
        page.fill("#field-password", self.clerk * 2)
        page.press("#field-password", "Enter")
        page.wait_for_url(lambda url: "/user/login" not in url)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A portal with the data of `fill`, served by gunicorn."""
    ini = os.environ.get("PORTAL_TEST_INI")
    if not ini:
        pytest.skip("PORTAL_TEST_INI names no CKAN to serve: ./portal test sets it")
    folder = tmp_path_factory.mktemp("browser")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    copy = folder / "ckan.ini"
    text = Path(ini).read_text().replace("http://test.ckan.net", url)
    copy.write_text(text)
    env = {**os.environ, "CKAN_INI": str(copy)}
    filled = subprocess.run(
        [sys.executable, "-m", "tests.browser.fill", str(copy)],
        cwd=ROOT, env=env, check=True, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    names = json.loads(filled.stdout.strip().splitlines()[-1])
    log = (folder / "web.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT / "docker" / "local"),
         "--threads", "4", "--bind", f"127.0.0.1:{port}", "wsgi:application"],
        cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        _wait(url, server, folder / "web.log")
        yield Site(url, **names)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)
        log.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium of the system."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if path is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium (./portal test does)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium: Any) -> Iterator[Any]:
    """A page of 360 × 740 pixels."""
    yield from _page(chromium, 360, 740)


@pytest.fixture
def desktop(chromium: Any) -> Iterator[Any]:
    """A page of 1280 × 800 pixels."""
    yield from _page(chromium, 1280, 800)


def _page(chromium: Any, width: int, height: int) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="vi-VN")
    yield context.new_page()
    context.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/about", timeout=30) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"the web server does not answer:\n{log.read_text()[-3000:]}")
