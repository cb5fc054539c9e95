import datetime as dt
import threading
from http.server import BaseHTTPRequestHandler
from http.server import HTTPServer as PlainServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer


@pytest.fixture
def second_server():
    """Another host for redirects."""
    with HTTPServer(host="localhost") as server:
        yield server


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Path:
    """`ca.pem`, and `server.pem` (localhost) and `client.pem` signed by it, each with its key."""
    folder = tmp_path_factory.mktemp("certificates")
    authority, key, pem = _certificate("CA")
    (folder / "ca.pem").write_bytes(pem)
    for name, subject in (("server", "localhost"), ("client", "Cong du lieu")):
        (folder / f"{name}.pem").write_bytes(_certificate(subject, authority.subject, key)[2])
    return folder


def _certificate(name, issuer=None, issuer_key=None):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(issuer is None, None), True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(issuer_key or key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate, key, pem + private


class _Peer(BaseHTTPRequestHandler):
    """Answers with the name in the client's certificate."""

    def do_GET(self):
        subject = dict(pair[0] for pair in (self.connection.getpeercert() or {})["subject"])
        body = f'"{subject["commonName"]}"'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def tls_server():
    """Starts a TLS server with a given context; gives its port."""
    servers = []

    def start(context) -> int:
        server = PlainServer(("localhost", 0), _Peer)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *args: None  # refused handshakes are what is tested
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
