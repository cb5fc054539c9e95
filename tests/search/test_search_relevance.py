"""The development collection: ranking must not fall behind what was reached.

The collection stands beside the project, not in it; without it there is nothing to measure. The
floors are a little below what was measured, the strata of a few queries have none.
"""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import schemas
from schemas.admin_units import find_units

COLLECTION = Path(__file__).parents[3] / "shared" / "search"
FLOOR, RECALL_FLOOR, TWINS_FLOOR = 0.92, 0.96, 0.98
FLOORS = {
    "accented": 0.95,
    "unaccented": 0.93,
    "tone-variant": 0.97,
    "nfd": 0.95,
    "typo": 0.95,
    "abbreviation": 0.88,
}

pytestmark = pytest.mark.skipif(
    not COLLECTION.is_dir(), reason="the development collection ../shared/search is not here"
)


def lines(name):
    return [json.loads(line) for line in (COLLECTION / name).open(encoding="utf-8") if line.strip()]


def as_dataset(record):
    """The record as a harvest would map it: codes where the codelists know the name."""
    theme = schemas.codelist("theme").find(record["theme"] or "")
    place = record["spatial"] or ""
    found = find_units(place, date(2026, 11, 1)) if place else None
    code = found.units[0].code if found and found.units and not found.ambiguous else ""
    years = str(record["period"] or "")
    return {
        "id": record["id"],
        "name": record["id"],
        "notes": record["notes"] or "",
        "tags": [{"name": tag} for tag in record["tags"] or []],
        "organization": record["organization"],
        "theme": [theme.ma] if theme else [],
        "resources": record["resources"],
        "spatial_coverage": [{"code": code, "text": place}] if place else [],
        "temporal_coverage": [{"start": years[:4], "end": years[-4:]}] if years else [],
    }


@pytest.fixture(scope="module")
def report(site, tmp_path_factory):
    for record in lines("corpus.jsonl"):
        site.add(record["title"], **as_dataset(record))
    folder = tmp_path_factory.mktemp("run")
    with (folder / "run").open("w") as run:
        for query in lines("queries.jsonl"):
            for rank, name in enumerate(site.names(query["text"], rows=250), start=1):
                run.write(f"{query['qid']} Q0 {name} {rank} {-rank} portal\n")
    command = [sys.executable, COLLECTION / "evaluate.py", "--run", folder / "run"]
    command += ["--json", folder / "report.json", "--per-query", folder / "queries.tsv"]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print((folder / "queries.tsv").read_text(encoding="utf-8"))
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_ranking_is_as_good_as_it_was(report):
    reached = {name: report["strata"][name]["ndcg10"] for name in FLOORS}
    assert report["overall"]["ndcg10"] >= FLOOR
    assert {name: value for name, value in reached.items() if value < FLOORS[name]} == {}


def test_what_is_useful_is_found_by_every_spelling(report):
    assert report["overall"]["recall20"] >= RECALL_FLOOR
    assert report["twins"]["ALL"]["ratio"] >= TWINS_FLOOR


def test_no_query_is_left_without_an_answer(report):
    assert report["overall"]["zero"] == 0


def test_several_syllables_do_not_return_the_catalogue(site, report):
    size = site.search("*:*", rows=0)["count"]
    shares = sorted(
        site.search(query["text"], rows=0)["count"] / size
        for query in lines("queries.jsonl")
        if len(query["text"].split()) >= 3
    )
    assert shares[len(shares) // 2] <= 0.10
