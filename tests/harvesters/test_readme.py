"""The examples of harvesters/README.md and README.vi.md are configurations that can be saved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from harvesters.mapping import check_mapping
from harvesters.registry import settings_of
from harvesters.settings import parse_config

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(
    r"^```yaml\n(?:# (?P<type>\w+)(?: (?P<url>\S+))?\n)?(?P<text>.*?)^```$", re.M | re.S
)
EXAMPLES = [
    (path.name, match)
    for path in (ROOT / "harvesters" / "README.md", ROOT / "README.vi.md")
    for match in BLOCK.finditer(path.read_text("utf-8"))
]


def test_there_are_examples():
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("match", [match for _, match in EXAMPLES], ids=[n for n, _ in EXAMPLES])
def test_an_example_can_be_saved(match: re.Match[str]):
    config = parse_config(yaml.safe_load(match["text"]))
    settings_of(match["type"] or "rest", match["url"] or "https://so.example.vn/api", config.read)
    check_mapping(config.mapping)
    assert config.read
