"""A Windows share as Samba serves it (Debian's smbd, started for these tests on a free port)."""

import getpass
import shutil
import socket
import subprocess
import time

import pytest

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.settings import Auth, Limits
from harvesters.sources import files
from tests.raw_server import fixed, raw_server

QUICK = Limits(deadline=20, timeout=10, retries=0)
PASSWORD = "mat-khau-dai-123"
SMBD = shutil.which("smbd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
needs_samba = pytest.mark.skipif(
    SMBD is None, reason="no smbd on this machine: apt-get install samba (./portal test does)"
)
CONFIGURATION = """
[global]
server role = standalone server
bind interfaces only = yes
interfaces = 127.0.0.1
smb ports = {port}
disable netbios = yes
load printers = no
passdb backend = tdbsam:{folder}/passdb.tdb
private dir = {folder}/private
lock directory = {folder}/lock
state directory = {folder}/state
cache directory = {folder}/cache
pid directory = {folder}/pid
ncalrpc dir = {folder}/ncalrpc
log file = {folder}/log
server min protocol = SMB2
map to guest = never
usershare max shares = 0
[so lieu]
path = {folder}/goc
read only = yes
[kin]
path = {folder}/kin
read only = yes
valid users = nobody
"""


class Samba:
    def __init__(self, folder):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        for name in ("private", "lock", "state", "cache", "pid", "ncalrpc", "goc", "kin"):
            (folder / name).mkdir()
        conf = folder / "smb.conf"
        conf.write_text(CONFIGURATION.format(port=self.port, folder=folder))
        self.user = getpass.getuser()
        subprocess.run(
            ["pdbedit", "-s", str(conf), "-a", "-t", "-u", self.user],
            input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True, capture_output=True,
        )  # fmt: skip
        self.process = subprocess.Popen(
            [SMBD, "--foreground", "--no-process-group", "-s", str(conf)],
            start_new_session=True,  # when it ends it kills its process group
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        self.url = f"smb://127.0.0.1:{self.port}"
        self.share = f"{self.url}/so%20lieu"

    def fetch(self, limits=QUICK, secret=PASSWORD, allow=None, **more):
        auth = Auth("basic", user=self.user, secret="file:x")
        allow = [f"127.0.0.1:{self.port}"] if allow is None else allow
        return Fetcher(allow, limits, auth, lambda reference: secret, home=self.url, **more)


@pytest.fixture(scope="module")
def samba(tmp_path_factory):
    server = Samba(tmp_path_factory.mktemp("samba"))
    yield server
    server.process.terminate()
    server.process.wait(20)


@pytest.fixture
def root(samba):
    """The share's folder, filled."""
    root = samba.folder / "goc"
    shutil.rmtree(root)
    (root / "bao-cao" / "2025").mkdir(parents=True)
    (root / "bao-cao" / "Biểu 1.csv").write_text("Xã;Số hộ\nA;1\nB;2\n", encoding="utf-8")
    (root / "bao-cao" / "2025" / "quy-1.csv").write_text("Xã;Số hộ\nC;3\n", encoding="utf-8")
    (root / "bao-cao" / "~$tam.csv").write_text("x")
    (root / "bao-cao" / "ghi-chu.doc").write_text("x")
    return root


def refusal(function, *args) -> HarvestError:
    with pytest.raises(HarvestError) as caught:
        function(*args)
    return caught.value


@needs_samba
def test_a_share_is_listed_and_its_files_read(samba, root):
    with samba.fetch() as fetch:
        entries = fetch.entries(f"{samba.share}/bao-cao", [".csv"])
        assert [entry.path for entry in entries] == ["2025/quy-1.csv", "Biểu 1.csv"]
        assert [entry.size for entry in entries] == [18, 22]
        assert fetch.read(entries[1].location).text().startswith("Xã;Số hộ")
        assert fetch.read(entries[0].location).text().endswith("C;3\n")
        (entry,) = fetch.entries(entries[0].location, [".csv"])
        assert (entry.path, entry.mark) == ("quy-1.csv", entries[0].mark)


@needs_samba
def test_a_source_of_workbooks_reads_the_whole_share(samba, root):
    for url in (samba.share, f"{samba.share}/"):
        with samba.fetch() as fetch:
            *records, end = files.read(files.Settings(url), fetch, {})
            assert [r.remote_id for r in records] == [
                "bao-cao/2025/quy-1.csv",
                "bao-cao/Biểu 1.csv",
            ]
            assert end.complete
            marks = {record.remote_id: record.mark for record in records}
            again = list(files.read(files.Settings(url), fetch, marks))
        assert [type(item).__name__ for item in again] == ["Unchanged", "Unchanged", "End"]


@needs_samba
def test_large_files_come_in_pieces_and_within_the_caps(samba, root):
    content = bytes(range(256)) * 12_000
    (root / "to.csv").write_bytes(content)
    with samba.fetch() as fetch:
        assert fetch.read(f"{samba.share}/to.csv").content == content
    with samba.fetch(Limits(max_bytes=1_000_000)) as fetch:
        assert refusal(fetch.read, f"{samba.share}/to.csv").code == "too_large"


@needs_samba
def test_folders_with_many_files_are_listed_whole(samba, root):
    for number in range(1500):
        (root / "bao-cao" / f"một tên khá dài để đầy bộ đệm {number:04}.csv").write_text("x")
    with samba.fetch() as fetch:
        assert len(fetch.entries(f"{samba.share}/bao-cao", [".csv"])) == 1502


@needs_samba
def test_a_wrong_password_is_refused_and_not_repeated(samba, root):
    with samba.fetch(secret="mat-khau-sai") as fetch:
        error = refusal(fetch.read, f"{samba.share}/x")
    assert error.code == "auth_failed"
    assert "mat-khau-sai" not in f"{error} {error.problem}"


@needs_samba
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/so%20lieu/khong-co.csv", "no_such_file"),
        ("/khong-co-share/x.csv", "no_such_file"),
        ("/so%20lieu/bao-cao", "file_not_readable"),
        ("/kin/x.csv", "file_not_readable"),
        ("/so%20lieu/../kin", "bad_setting"),
        ("/so%20lieu/a%5Cb", "bad_setting"),
        ("", "bad_setting"),
    ],
)
def test_what_is_no_file_says_so(samba, root, path, code):
    with samba.fetch() as fetch:
        assert refusal(fetch.read, samba.url + path).code == code


@needs_samba
def test_links_out_of_the_share_lead_nowhere(samba, root):
    (root / "ngoai.csv").symlink_to("/etc/passwd")
    with samba.fetch() as fetch:
        error = refusal(fetch.read, f"{samba.share}/ngoai.csv")
    assert error.code in ("no_such_file", "file_not_readable")


def test_what_was_not_granted_is_not_connected_to():
    with raw_server(fixed(b"")) as server:
        auth = Auth("basic", user="u", secret="file:x")
        with Fetcher(["127.0.0.1:1"], QUICK, auth, lambda reference: "x") as fetch:
            url = f"smb://127.0.0.1:{server.port}/s/x.csv"
            assert refusal(fetch.read, url).code == "host_not_granted"
        assert server.connections == 0


def test_a_server_that_speaks_something_else_is_unreachable():
    with raw_server(fixed(b"")) as server:
        auth = Auth("basic", user="u", secret="file:x")
        limits = Limits(deadline=3, timeout=2)
        began = time.monotonic()
        with Fetcher(server.allow, limits, auth, lambda reference: "x") as fetch:
            error = refusal(fetch.read, f"smb://127.0.0.1:{server.port}/s/x.csv")
        assert error.code in ("unreachable", "deadline")
        assert time.monotonic() - began < 15


def test_the_account_is_for_its_own_server_only():
    with raw_server(fixed(b"")) as server:
        auth = Auth("basic", user="u", secret="file:x")
        home = "smb://so.thanhhoa.vn/s"
        with Fetcher(server.allow, QUICK, auth, lambda reference: "x", home=home) as fetch:
            error = refusal(fetch.read, f"smb://127.0.0.1:{server.port}/s/x.csv")
        assert error.code == "auth_failed"
        assert server.connections == 0
