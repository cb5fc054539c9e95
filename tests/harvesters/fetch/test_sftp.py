"""SFTP from a real server (asyncssh's own, in this process)."""

import asyncio
import threading
from pathlib import Path

import asyncssh
import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.settings import Auth, Limits
from harvesters.sources import files

QUICK = Limits(deadline=10, timeout=5, retries=0)
PASSWORD = "mật-khẩu dài"


class _Server(asyncssh.SSHServer):
    tried: list[str] = []

    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        self.tried.append(password)
        return (username, password) == ("so-y-te", PASSWORD)

    def public_key_auth_supported(self):
        return True

    def validate_public_key(self, username, key):
        return username == "so-y-te" and key.get_fingerprint() == CLIENT_KEY.get_fingerprint()


CLIENT_KEY = asyncssh.generate_private_key("ssh-ed25519")


class Sftp:
    """The server in a thread with a loop of its own; `folder` is what it serves as its root."""

    def __init__(self, folder: Path, key: asyncssh.SSHKey, factory=None):
        self.folder, self.key = folder, key
        self.fingerprint = key.get_fingerprint()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._acceptor = asyncio.run_coroutine_threadsafe(self._start(factory), self._loop).result(
            10
        )
        self.port = self._acceptor.get_port()
        self.url = f"sftp://127.0.0.1:{self.port}"

    async def _start(self, factory):
        root = str(self.folder).encode()
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.key],
            server_factory=_Server,
            sftp_factory=factory or (lambda channel: asyncssh.SFTPServer(channel, root)),
        )

    def fetch(self, limits=QUICK, auth=None, secret=PASSWORD, allow=None, **more) -> Fetcher:
        auth = auth or Auth("basic", user="so-y-te", secret="file:x", host_key=self.fingerprint)
        allow = [f"127.0.0.1:{self.port}"] if allow is None else allow
        return Fetcher(allow, limits, auth, lambda reference: secret, home=self.url, **more)

    def close(self):
        self._loop.call_soon_threadsafe(self._acceptor.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture(scope="module")
def host_key():
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def server(tmp_path, host_key):
    folder = tmp_path / "goc"
    (folder / "bao-cao" / "2025").mkdir(parents=True)
    (folder / "bao-cao" / "Biểu 1.csv").write_text("Xã;Số hộ\nA;1\nB;2\n", encoding="utf-8")
    (folder / "bao-cao" / "2025" / "quy-1.csv").write_text("Xã;Số hộ\nC;3\n", encoding="utf-8")
    (folder / "bao-cao" / ".an.csv").write_text("x")
    (folder / "bao-cao" / "ghi-chu.doc").write_text("x")
    _Server.tried.clear()
    running = Sftp(folder, host_key)
    yield running
    running.close()


def refusal(function, *args) -> HarvestError:
    with pytest.raises(HarvestError) as caught:
        function(*args)
    return caught.value


def test_a_folder_is_listed_and_its_files_read(server):
    with server.fetch() as fetch:
        entries = fetch.entries(f"{server.url}/bao-cao", [".csv"])
        assert [entry.path for entry in entries] == ["2025/quy-1.csv", "Biểu 1.csv"]
        assert [entry.size for entry in entries] == [18, 22]
        assert fetch.read(entries[1].location).text().startswith("Xã;Số hộ")
        assert fetch.read(entries[0].location).text().endswith("C;3\n")


def test_the_mark_changes_with_the_file(server):
    with server.fetch() as fetch:
        before = fetch.entries(f"{server.url}/bao-cao", [".csv"])
        (server.folder / "bao-cao" / "2025" / "quy-1.csv").write_text("Xã;Số hộ\nC;3\nD;4\n")
        after = fetch.entries(f"{server.url}/bao-cao", [".csv"])
    assert [a.mark == b.mark for a, b in zip(before, after, strict=True)] == [False, True]


def test_a_single_file_is_one_entry(server):
    url = f"{server.url}/bao-cao/2025/quy-1.csv"
    with server.fetch() as fetch:
        (entry,) = fetch.entries(url, [".csv"])
        assert (entry.path, entry.location) == ("quy-1.csv", url)


def test_a_source_of_workbooks_reads_it(server):
    url = f"{server.url}/bao-cao"
    with server.fetch() as fetch:
        *records, end = files.read(files.Settings(url), fetch, {})
        assert [record.remote_id for record in records] == ["2025/quy-1.csv", "Biểu 1.csv"]
        assert end.complete
        marks = {record.remote_id: record.mark for record in records}
        again = list(files.read(files.Settings(url), fetch, marks))
    assert [type(item).__name__ for item in again] == ["Unchanged", "Unchanged", "End"]


def test_a_server_nobody_confirmed_is_refused_with_its_fingerprint(server):
    auth = Auth("basic", user="so-y-te", secret="file:x")
    with server.fetch(auth=auth) as fetch:
        error = refusal(fetch.entries, f"{server.url}/bao-cao", [".csv"])
    assert (error.code, error.problem.params["fingerprint"]) == (
        "host_key_unknown",
        server.fingerprint,
    )
    assert _Server.tried == []


def test_another_key_than_the_confirmed_one_is_refused_before_signing_in(server):
    auth = Auth("basic", user="so-y-te", secret="file:x", host_key="SHA256:khac, SHA256:khac2")
    with server.fetch(auth=auth) as fetch:
        assert refusal(fetch.read, f"{server.url}/x").code == "host_key_changed"
    assert _Server.tried == []


def test_a_wrong_password_is_refused_and_not_repeated(server):
    with server.fetch(secret="mat-khau-sai") as fetch:
        error = refusal(fetch.read, f"{server.url}/x")
    assert error.code == "auth_failed"
    assert "mat-khau-sai" not in f"{error} {error.problem}"


def test_a_private_key_signs_in(server):
    pem = CLIENT_KEY.export_private_key().decode()
    auth = Auth("certificate", user="so-y-te", secret="file:x", host_key=server.fingerprint)
    with server.fetch(auth=auth, secret=pem) as fetch:
        assert fetch.read(f"{server.url}/bao-cao/2025/quy-1.csv").content
    with server.fetch(auth=auth, secret="không phải khóa") as fetch:
        assert refusal(fetch.read, f"{server.url}/x").code == "bad_secret"


def test_what_was_not_granted_is_not_connected_to(server):
    with server.fetch(allow=["127.0.0.1:1"]) as fetch:
        assert refusal(fetch.entries, f"{server.url}/", [".csv"]).code == "host_not_granted"
    with server.fetch() as fetch:
        url = f"sftp://u:{PASSWORD}@127.0.0.1:{server.port}/"
        assert refusal(fetch.read, url).code == "credentials_in_url"


def test_the_account_is_for_its_own_server_only(server, tmp_path, host_key):
    other = Sftp(tmp_path, host_key)
    try:
        allow = [f"127.0.0.1:{server.port}", f"127.0.0.1:{other.port}"]
        with server.fetch(allow=allow) as fetch:
            assert refusal(fetch.read, f"{other.url}/x").code == "auth_failed"
        assert _Server.tried == []
    finally:
        other.close()


def test_links_are_followed_to_files_and_not_into_folders(server):
    folder = server.folder / "bao-cao"
    (folder / "moi-nhat.csv").symlink_to("2025/quy-1.csv")
    (folder / "vong").symlink_to(".")
    (folder / "mat.csv").symlink_to("khong-co")
    with server.fetch() as fetch:
        entries = fetch.entries(f"{server.url}/bao-cao", [".csv"])
    assert [e.path for e in entries] == ["2025/quy-1.csv", "Biểu 1.csv", "moi-nhat.csv"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/khong-co.csv", "no_such_file"),
        ("/bao-cao", "file_not_readable"),
        ("/bao-cao/../x", "bad_setting"),
        ("/bao-cao/%2e%2e/x", "bad_setting"),
    ],
)
def test_what_is_no_file_says_so(server, path, code):
    with server.fetch() as fetch:
        assert refusal(fetch.read, server.url + path).code == code


def test_large_files_are_refused(server):
    (server.folder / "to.csv").write_bytes(b"x" * 2000)
    with server.fetch(Limits(max_bytes=1000)) as fetch:
        assert refusal(fetch.read, f"{server.url}/to.csv").code == "too_large"
    with server.fetch(Limits(max_total_bytes=3000)) as fetch:
        fetch.read(f"{server.url}/to.csv")
        assert refusal(fetch.read, f"{server.url}/to.csv").code == "too_large"


def test_a_server_that_stalls_is_left_at_the_deadline(tmp_path, host_key):
    class Stalling(asyncssh.SFTPServer):
        async def stat(self, path):
            await asyncio.sleep(60)

    running = Sftp(tmp_path, host_key, factory=Stalling)
    try:
        with running.fetch(Limits(deadline=2, timeout=5)) as fetch:
            assert refusal(fetch.read, f"{running.url}/x").code == "deadline"
    finally:
        running.close()


def test_nobody_there_is_unreachable(server):
    port = server.port
    fetch = server.fetch()
    server.close()
    with fetch:
        assert refusal(fetch.read, f"sftp://127.0.0.1:{port}/x").code == "unreachable"
