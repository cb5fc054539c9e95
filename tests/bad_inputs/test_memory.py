"""Memory stays bounded: what a process needs at most while it reads what would fill a machine.

Each case is read in a process of its own, and its peak is the kernel's own figure (`VmHWM`), so
that what C code holds counts too: parsers, decompressors, drivers.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_inputs import table
from tests.bad_inputs.faults import FAULTS, FILES
from tests.bad_inputs.test_every_source_type import PATHS, config_of
from tests.raw_server import raw_server

STATUS = Path("/proc/self/status")
pytestmark = pytest.mark.skipif(
    not STATUS.exists(), reason="the kernel's figure of a process's peak is in /proc"
)
#: What may come in, and what the process may need beyond what it needs for an empty answer.
MAX_BYTES, MEMORY = 20_000_000, 120_000_000
#: Each unpacks to 100 MB or more, says that 2 GB come, or never ends.
FAULTY = ("gzip bomb", "XLSX bomb", "endless body", "promise of 2 GB", "billion laughs")
READER = """
import json, sys
from tests.bad_inputs.reading import problems, read
type_, url, allow, config = json.loads(sys.argv[1])
found = problems(*read(type_, url, allow, config))
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps([[problem.code for problem in found], peak * 1024]))
"""


def measured(type_, url, allow, config):
    """Codes, and the most memory that the process ever had."""
    asked = json.dumps([type_, url, list(allow), config])
    done = subprocess.run(
        [sys.executable, "-c", READER, asked],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


def over_http(type_, fault):
    with raw_server(FAULTS[fault]) as server:
        config = config_of(type_, max_bytes=MAX_BYTES, deadline=20)
        return measured(type_, server.url + PATHS[type_], server.allow, config)


@pytest.fixture(scope="module")
def usual():
    """What a process needs that reads an empty answer."""
    return {type_: over_http(type_, "empty body")[1] for type_ in ("files", "rest", "csw", "dcat")}


@pytest.mark.parametrize("fault", FAULTY)
@pytest.mark.parametrize("type_", ["files", "rest", "csw", "dcat"])
def test_a_process_needs_little_more_than_for_an_empty_answer(usual, type_, fault):
    codes, peak = over_http(type_, fault)
    words = {(t, f): word for t, f, word in table.cells(table.WEB, PATHS)}
    assert set(codes) == {table.CODES[words[type_, fault]]}
    assert peak - usual[type_] < MEMORY


def test_a_bomb_in_a_folder(usual, tmp_path):
    name, content = FILES["XLSX bomb"]
    (tmp_path / name).write_bytes(content)
    codes, peak = measured("files", str(tmp_path), [str(tmp_path)], {"fetch": {}})
    assert codes == ["too_large"]
    assert peak - usual["files"] < MEMORY


def test_the_measure_sees_what_is_held():
    """A test that cannot fail would prove nothing."""
    holding = READER.replace("found =", "held = b'x' * 300_000_000; found =")
    with raw_server(FAULTS["empty body"]) as server:
        asked = json.dumps(["rest", server.url, list(server.allow), config_of("rest")])
        done = subprocess.run(
            [sys.executable, "-c", holding, asked],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    assert json.loads(done.stdout)[1] > 300_000_000
