"""A host is asked politely, by all workers of a machine together."""

import os
import subprocess
import sys
import time

from harvesters.fetch.fetcher import Fetcher
from harvesters.fetch.grants import Endpoint
from harvesters.fetch.pace import Pace
from harvesters.settings import Limits

HOST = Endpoint("so.thanhhoa.vn", 443)
OTHER = Endpoint("so.thanhhoa.vn", 80)


def test_turns_are_spaced_and_hosts_do_not_wait_for_each_other(tmp_path):
    for folder in ("", str(tmp_path / "nhip")):
        now = [100.0]
        pace = Pace(folder, lambda at=now: at[0])
        assert [pace.turn(HOST, 0.5) for _ in range(3)] == [0.0, 0.5, 1.0]
        assert pace.turn(OTHER, 0.5) == 0.0
        now[0] = 110.0
        assert pace.turn(HOST, 0.5) == 0.0
        assert pace.turn(HOST, 0) == 0.0


def test_two_processes_share_the_turns(tmp_path):
    script = (
        "import sys\nfrom harvesters.fetch.grants import Endpoint\n"
        "from harvesters.fetch.pace import Pace\n"
        "pace = Pace(sys.argv[1], lambda: 100.0)\n"
        "print(*[pace.turn(Endpoint('h', 80), 1.0) for _ in range(20)])"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    taken = [float(t) for p in processes for t in p.communicate(timeout=60)[0].split()]
    assert sorted(taken) == [float(n) for n in range(40)]


def test_a_moment_from_before_a_restart_does_not_block(tmp_path):
    Pace(str(tmp_path), lambda: 1_000_000.0).turn(HOST, 1.0)
    assert Pace(str(tmp_path), lambda: 5.0).turn(HOST, 1.0) == 0.0


def test_a_broken_file_does_not_block(tmp_path):
    pace = Pace(str(tmp_path), lambda: 5.0)
    pace.turn(HOST, 1.0)
    (tmp_path / os.listdir(tmp_path)[0]).write_bytes(b"abc")
    assert pace.turn(HOST, 1.0) == 0.0


def test_two_runs_ask_one_host_as_one(httpserver, tmp_path):
    httpserver.expect_request("/").respond_with_data("{}")
    limits = Limits(requests_per_second=10)
    allow = [f"127.0.0.1:{httpserver.port}"]
    began = time.monotonic()
    with (
        Fetcher(allow, limits, pace=Pace(str(tmp_path))) as one,
        Fetcher(allow, limits, pace=Pace(str(tmp_path))) as other,
    ):
        for _ in range(2):
            one.get(httpserver.url_for("/"))
            other.get(httpserver.url_for("/"))
    assert time.monotonic() - began > 0.29
