"""The whole door: a browser, nginx with TLS, the site as its container runs it."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.production.conftest import (
    CHROMIUM,
    eventually,
    is_well,
    listens,
    nginx_command,
    nginx_environment,
    running,
    serve,
)

PAGES = ("/", "/dataset/?q=dan+so", "/organization/", "/about", "/en/", "/user/login")
STAFF = ("/dashboard/", "/organization/new", "/user/admin/api-tokens", "/ckan-admin/")


@pytest.fixture(scope="module")
def site(
    set_up: dict[str, str], nginx: str, secrets: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a portal in production form; its administrator's password is as made."""
    folder, url = tmp_path_factory.mktemp("site"), set_up["PORTAL_URL"]
    env = nginx_environment(nginx, folder, secrets, url, int(set_up["PORTAL_PORT"]))
    web = serve(set_up, "web")
    try:
        assert eventually(lambda: is_well(set_up, "web"), 120)
        with running(nginx_command(), env, folder / "log"):
            assert eventually(lambda: listens(int(env["NGINX_HTTPS"])), 20)
            yield url
    finally:
        web.terminate()
        web.communicate(timeout=60)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def test_pages_live_with_the_policy_and_people_can_sign_in(
    site: str, browser: Any, staff: tuple[str, str]
) -> None:
    context = browser.new_context(ignore_https_errors=True)
    page, refused = context.new_page(), []
    page.on(
        "console",
        lambda said: (
            refused.append((page.url, said.text))
            if "Content Security Policy" in said.text
            else None
        ),
    )
    for path in PAGES:
        assert page.goto(site + path).status == 200, path
        page.wait_for_load_state("networkidle")
        assert page.evaluate("typeof jQuery") == "function", path
    name, password = staff
    page.fill("#field-login", name)
    page.fill("#field-password", password)
    page.press("#field-password", "Enter")
    page.wait_for_url("**/dashboard/**")
    assert page.url.startswith(site)
    cookie = next(one for one in context.cookies() if one["name"] == "ckan")
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
    for path in STAFF:
        assert page.goto(site + path.replace("admin/api", f"{name}/api")).status == 200, path
        page.wait_for_load_state("networkidle")
    assert refused == []
    context.close()


@pytest.mark.parametrize(
    ("letters", "status", "says"),
    [(500, 200, "Không tìm thấy kết quả nào"), (501, 400, "Câu tìm kiếm quá dài (nhiều nhất 500")],
)
def test_the_longest_query_reaches_the_search(
    site: str, letters: int, status: int, says: str
) -> None:
    context = ssl._create_unverified_context()
    address = f"{site}/dataset/?theme=15&q={quote('ễ' * letters)}"
    try:
        with urllib.request.urlopen(address, timeout=60, context=context) as answer:
            found, body = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        found, body = error.code, error.read().decode()
    assert found == status
    assert says in body


@pytest.fixture
def staff(site: str, set_up: dict[str, str]) -> Iterator[tuple[str, str]]:
    """A sysadmin of this test (the administrator may be another test's)."""
    name, password = f"staff-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    program = [sys.executable, str(Path(sys.executable).with_name("ckan"))]
    env = {**os.environ, **set_up, "CKAN_INI": f"{set_up['PORTAL_RUN']}/ckan.ini"}
    add = ["user", "add", name, f"password={password}", f"email={name}@example.vn"]
    for words in (add, ["sysadmin", "add", name]):
        done = subprocess.run(
            [*program, *words], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    yield name, password
    subprocess.run([*program, "user", "remove", name], env=env, capture_output=True, check=False)
