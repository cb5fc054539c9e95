"""Signing in at a source. The secret is asked for once, when it is first needed, and never shown.

Credentials go to one place only, the endpoint of the source itself, so that neither a redirect nor
a link in a source's answer can send them elsewhere (`Client` decides by `Credentials.home`).
"""

from __future__ import annotations

import base64
import os
import re
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus, urlencode

from harvesters.errors import HarvestError
from harvesters.fetch.grants import Endpoint, origin_of, shown
from harvesters.fetch.response import Response
from harvesters.fetch.wire import tls_context
from harvesters.settings import Auth

#: Posts a form and gives the answer back: how a token is asked for.
PostForm = Callable[[str, Mapping[str, str], bytes], Response]

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]+")
#: A token is renewed this many seconds before it runs out.
_EARLY = 30.0


class Credentials:
    """The account of a source. `home` is the scheme and endpoint that it is for.

    When no home is given, the first URL asked for is taken as it. The same port without TLS is
    another place: a redirect from https to http would put the secret on the line for all to read.
    """

    def __init__(
        self,
        auth: Auth,
        secret: Callable[[str], str],
        home: str = "",
        clock: Callable[[], float] = time.monotonic,
    ):
        self._auth = auth
        self._resolve = secret
        self._clock = clock
        self.home: tuple[str, Endpoint] | None = origin_of(home) if home else None
        self._value: str | None = None
        self._token = ""
        self._token_until = 0.0

    def belong_to(self, url: str) -> bool:
        """Whether the credentials may be sent to where this URL leads."""
        if self._auth.type == "none":
            return False
        origin = origin_of(url)
        if self.home is None:
            self.home = origin
        return origin == self.home

    def headers(self, post_form: PostForm) -> dict[str, str]:
        """The headers that sign a request. Raises `secret_missing`, `bad_secret`, `auth_failed`."""
        kind = self._auth.type
        if kind == "api_key" and not self._auth.parameter:
            if not _HEADER_NAME.fullmatch(self._auth.header):
                raise HarvestError(
                    "bad_setting", where="auth.header", key="auth.header", expected="X-Api-Key"
                )
            return {self._auth.header: self._header_value(self.secret())}
        if kind == "basic":
            return {"Authorization": _basic(self._auth.user, self.secret())}
        if kind == "oauth2":
            return {"Authorization": f"Bearer {self._bearer(post_form)}"}
        return {}

    def parameters(self) -> dict[str, str]:
        """The query parameters that sign a request."""
        if self._auth.type == "api_key" and self._auth.parameter:
            return {self._auth.parameter: self._header_value(self.secret())}
        return {}

    def renew(self) -> bool:
        """After a 401: forgets an OAuth2 token, so that a new one is asked for. False otherwise."""
        had_token = bool(self._token)
        self._token = ""
        return had_token

    def secret(self) -> str:
        """The secret itself; empty when none is configured."""
        if self._value is None:
            value = self._resolve(self._auth.secret) if self._auth.secret else ""
            self._value = value.strip("\r\n")
        return self._value

    @property
    def user(self) -> str:
        return self._auth.user

    @property
    def kind(self) -> str:
        return self._auth.type

    @property
    def host_key(self) -> str:
        return self._auth.host_key

    def tls(self) -> ssl.SSLContext:
        """TLS settings, with the client certificate (PEM with its key) if that is the way in."""
        context = tls_context()
        if self._auth.type != "certificate":
            return context
        # ssl reads a certificate from files only; the file is gone before anything else happens.
        with tempfile.TemporaryDirectory(prefix="portal-") as folder:
            path = os.path.join(folder, "client.pem")
            with open(path, "w", encoding="utf-8", opener=_private) as file:
                file.write(self.secret())
            try:
                context.load_cert_chain(path)
            except (ssl.SSLError, OSError) as error:
                raise HarvestError("bad_secret", where="auth.secret") from error
        return context

    def scrub(self, text: str) -> str:
        """The text without the secret or the token, should a source repeat them in an error."""
        for value in (self._value, self._token):
            if value and len(value) > 3:
                for form in (value, quote(value, safe=""), quote_plus(value)):
                    text = text.replace(form, "***")
        return text

    def _bearer(self, post_form: PostForm) -> str:
        if self._token and self._clock() < self._token_until:
            return self._token
        form = {"grant_type": "client_credentials"}
        signed = {
            "Authorization": _basic(quote(self._auth.client_id), quote(self.secret())),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = post_form(self._auth.token_url, signed, urlencode(form).encode()).json()
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise HarvestError("auth_failed", where=shown(self._auth.token_url))
        self._token = self._header_value(token)
        self._token_until = self._clock() + _lifetime(answer.get("expires_in")) - _EARLY
        return self._token

    def _header_value(self, value: str) -> str:
        """Checked here, because http.client would put the value itself into its error."""
        if not _HEADER_VALUE.fullmatch(value):
            raise HarvestError("bad_secret", where="auth.secret")
        return value


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _lifetime(value: object) -> float:
    """`expires_in` in seconds; five minutes when a server does not say (RFC 6749, 5.1)."""
    try:
        return float(str(value))
    except ValueError:
        return 300.0


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
