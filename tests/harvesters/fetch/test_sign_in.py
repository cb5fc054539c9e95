import base64
import ssl

import pytest
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.auth import Credentials
from harvesters.fetch.fetcher import Fetcher
from harvesters.settings import Auth, Limits

SECRET = "m?t-khẩu:dài"
QUICK = Limits(deadline=5, timeout=2, retries=0, requests_per_second=1000)


def fetcher(server, auth: Auth, secret: str = "khoa", **more) -> Fetcher:
    return Fetcher([f"127.0.0.1:{server.port}"], QUICK, auth, lambda reference: secret, **more)


def test_an_api_key_goes_into_its_header(httpserver):
    httpserver.expect_request("/", headers={"X-Key": "khoa"}).respond_with_data("{}")
    auth = Auth("api_key", header="X-Key", secret="file:khoa")
    with fetcher(httpserver, auth, "khoa\n") as fetch:
        assert fetch.get(httpserver.url_for("/")).json() == {}


def test_basic_takes_any_characters(httpserver):
    expected = "Basic " + base64.b64encode(f"sở:{SECRET}".encode()).decode()
    httpserver.expect_request("/", headers={"Authorization": expected}).respond_with_data("{}")
    with fetcher(httpserver, Auth("basic", user="sở", secret="file:x"), SECRET) as fetch:
        assert fetch.get(httpserver.url_for("/")).json() == {}


def test_a_secret_is_not_asked_for_until_it_is_needed(httpserver):
    def refuse(reference):
        raise HarvestError("secret_missing", name=reference)

    httpserver.expect_request("/").respond_with_data("{}")
    allow = [f"127.0.0.1:{httpserver.port}"]
    auth = Auth("api_key", secret="env:PORTAL_SECRET_X")
    with Fetcher(allow, QUICK, auth, refuse) as fetch, pytest.raises(HarvestError) as caught:
        fetch.get(httpserver.url_for("/"))
    assert caught.value.code == "secret_missing"
    assert httpserver.log == []


@pytest.mark.parametrize("secret", ["a\r\nX-Evil: 1", "khoá-ệ", ""])
def test_a_secret_that_cannot_stand_in_a_header_is_not_repeated(httpserver, secret):
    fetch = fetcher(httpserver, Auth("api_key", secret="file:x"), secret)
    with fetch, pytest.raises(HarvestError) as caught:
        fetch.get(httpserver.url_for("/"))
    assert caught.value.code == "bad_secret"
    assert not secret or secret not in repr(caught.value.problem)


def test_a_redirect_to_another_host_gets_no_credentials(httpserver, second_server):
    other = second_server
    other.expect_request("/").respond_with_data("{}")
    httpserver.expect_request("/").respond_with_data(
        status=302, headers={"Location": f"http://localhost:{other.port}/"}
    )
    allow = [f"127.0.0.1:{httpserver.port}", f"localhost:{other.port}"]
    auth = Auth("api_key", header="X-Key", secret="file:x")
    with Fetcher(allow, QUICK, auth, lambda reference: "khoa") as fetch:
        fetch.get(httpserver.url_for("/"))
    assert httpserver.log[0][0].headers["X-Key"] == "khoa"
    assert "X-Key" not in other.log[0][0].headers


def test_credentials_are_for_the_sources_own_place_only(httpserver):
    httpserver.expect_request("/").respond_with_data("{}")
    auth = Auth("api_key", header="X-Key", secret="file:x")
    with fetcher(httpserver, auth, home="https://so.thanhhoa.vn/api") as fetch:
        fetch.get(httpserver.url_for("/"))
    assert "X-Key" not in httpserver.log[0][0].headers


class Tokens:
    """A token endpoint and an API that takes each token for a while."""

    def __init__(self, httpserver):
        self.given = 0
        self.valid: set[str] = set()
        httpserver.expect_request("/token", method="POST").respond_with_handler(self.token)
        httpserver.expect_request("/data").respond_with_handler(self.data)

    def token(self, request: Request) -> Response:
        signed = base64.b64decode(request.headers["Authorization"].split()[1]).decode()
        if signed != "cong:khoa" or request.form["grant_type"] != "client_credentials":
            return Response('{"error": "invalid_client"}', 401)
        self.given += 1
        self.valid = {f"Bearer t{self.given}"}
        return Response(f'{{"access_token": "t{self.given}", "expires_in": 3600}}')

    def data(self, request: Request) -> Response:
        return Response("{}", 200 if request.headers.get("Authorization") in self.valid else 401)


def oauth(httpserver) -> Auth:
    url = httpserver.url_for("/token")
    return Auth("oauth2", token_url=url, client_id="cong", secret="file:x")


def test_a_token_is_fetched_once_and_renewed_when_refused(httpserver):
    tokens = Tokens(httpserver)
    with fetcher(httpserver, oauth(httpserver)) as fetch:
        for _ in range(3):
            fetch.get(httpserver.url_for("/data"))
        assert tokens.given == 1
        tokens.valid = set()
        fetch.get(httpserver.url_for("/data"))
        assert tokens.given == 2


def test_a_token_is_renewed_before_it_runs_out(httpserver):
    tokens, now = Tokens(httpserver), [0.0]
    allow = [f"127.0.0.1:{httpserver.port}"]
    limits = Limits(deadline=1e6, retries=0, requests_per_second=0)
    auth = oauth(httpserver)
    with Fetcher(allow, limits, auth, lambda reference: "khoa", lambda: now[0]) as fetch:
        fetch.get(httpserver.url_for("/data"))
        now[0] = 3580.0
        fetch.get(httpserver.url_for("/data"))
    assert tokens.given == 2


def test_a_wrong_client_secret_is_auth_failed(httpserver):
    Tokens(httpserver)
    with (
        fetcher(httpserver, oauth(httpserver), "sai") as fetch,
        pytest.raises(HarvestError) as error,
    ):
        fetch.get(httpserver.url_for("/data"))
    assert error.value.code == "auth_failed"


def test_a_token_that_is_refused_twice_is_auth_failed(httpserver):
    tokens = Tokens(httpserver)
    httpserver.expect_request("/closed").respond_with_data("", status=401)
    with fetcher(httpserver, oauth(httpserver)) as fetch, pytest.raises(HarvestError) as caught:
        fetch.get(httpserver.url_for("/closed"))
    assert caught.value.code == "auth_failed"
    assert tokens.given == 2


def test_the_token_endpoint_must_be_granted_too(httpserver):
    auth = Auth("oauth2", token_url="https://khac.vn/token", client_id="c", secret="file:x")
    with fetcher(httpserver, auth) as fetch, pytest.raises(HarvestError) as caught:
        fetch.get(httpserver.url_for("/data"))
    assert caught.value.code == "host_not_granted"


def test_a_client_certificate_is_shown_to_the_server(certificates, tls_server, monkeypatch):
    """Mutual TLS with a server that asks for a certificate of the same authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates / "ca.pem")
    context.load_cert_chain(certificates / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    pem = (certificates / "client.pem").read_text()
    port = tls_server(context)
    allow, url = [f"localhost:{port}"], f"https://localhost:{port}/"
    auth = Auth("certificate", secret="file:client")
    with Fetcher(allow, QUICK, auth, lambda reference: pem) as fetch:
        assert fetch.get(url).json() == "Cong du lieu"
    with Fetcher(allow, QUICK) as fetch, pytest.raises(HarvestError) as caught:
        fetch.get(url)
    assert caught.value.code in ("tls_error", "unreachable")


def test_a_certificate_that_is_none_is_a_bad_secret():
    auth = Auth("certificate", secret="file:client")
    fetch = Fetcher(["localhost:1"], QUICK, auth, lambda reference: "không phải PEM")
    with fetch, pytest.raises(HarvestError) as caught:
        fetch.get("https://localhost:1/")
    assert caught.value.code == "bad_secret"


def test_an_api_key_goes_into_the_query_and_is_shown_nowhere(httpserver):
    """Some gateways take their key in the address only; a redirect repeats it."""
    key = "khoa rat+mat"
    httpserver.expect_request("/a").respond_with_data(
        status=302, headers={"Location": "/b?trang=2&k=khoa+rat%2Bmat"}
    )
    httpserver.expect_request("/b").respond_with_data(f'{{"message": "sai {key}"}}', status=409)
    auth = Auth("api_key", parameter="k", secret="file:x")
    with fetcher(httpserver, auth, key) as fetch, pytest.raises(HarvestError) as caught:
        fetch.get(httpserver.url_for("/a"), {"q": "1"})
    assert httpserver.log[0][0].args.to_dict() == {"q": "1", "k": key}
    said = f"{caught.value} {caught.value.problem}"
    assert "trang=2" in said
    assert "khoa" not in said
    assert "rat" not in said.replace("trang", "")


def test_one_port_is_another_place_without_tls():
    auth = Auth("basic", user="so", secret="file:x")
    credentials = Credentials(auth, lambda reference: "x", "https://so.thanhhoa.vn:8443/api")
    assert credentials.belong_to("https://so.thanhhoa.vn:8443/khac")
    assert not credentials.belong_to("http://so.thanhhoa.vn:8443/api")
