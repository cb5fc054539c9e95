"""`./portal bench search`: finding, and the pages that show what is found, against stock CKAN.

Both sides hold the same catalogue, made up from the codelists and written to the database at once
(`_catalogue`): 500 organisations and `--datasets` datasets × 3 resources (default 50,000;
`--quick`: 2,000). Stock's own rebuilds are measured on the first `STOCK_REBUILT` datasets, for all
would take the better part of an hour; the rest of its index is filled in bulk with the documents
that it would have sent.

Latency is that of one client with a kept-alive connection and queries that were never asked before.
"Raw" is the same request to Solr, with the portal's parameters and `fl`, over a kept-alive
connection as well; what one of the two has asked in a round the other asks in the next, after
Solr's caches were emptied. Ours, raw and stock take turns, query by query.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import psycopg2

from tests.bench import _catalogue
from tests.bench._machine import machine
from tests.bench._sites import Client, Site, portal, stock
from tests.bench._stock import get

DATASETS, QUICK, STOCK_REBUILT = 50_000, 2_000, 1_000
QUERIES, PAGES, PREFIXES, BIG = 300, 30, 200, 5
SEARCH, SUGGEST = "/api/3/action/package_search", "/api/3/action/thanhhoa_search_suggest"
FACETS = ["organization", "theme", "res_format", "frequency", "license_id"]
Row = dict[str, Any]


class Bench:
    """Both sites, filled step by step."""

    def __init__(self, datasets: int):
        self.datasets = datasets
        self.rows: list[Row] = []
        self.ours = portal(os.environ)
        with closing(psycopg2.connect(self.ours.database)) as connection:
            _catalogue.empty(connection)
        self._fill(self.ours, STOCK_REBUILT)
        self.stock = stock(os.environ, self.ours)

    def run(self) -> list[Row]:
        """Everything, in an order in which each finds what it needs."""
        stock_seconds = self._stock_rebuilds()
        for site in (self.ours, self.stock):
            self._fill(site, self.datasets, STOCK_REBUILT)
        self._our_rebuild(*stock_seconds)
        _say("filling stock's index")
        self.stock.python("-m", "tests.bench._bulk_index")
        with self.ours.serving() as ours, self.stock.serving() as theirs:
            for client in (ours, theirs):
                for _ in range(5):
                    client.ask(SEARCH, rows=1)
                    client.get("/")
            self._latency(ours, theirs)
            self._thousand(ours, theirs)
            self._pages(ours, theirs)
            self._suggestions(ours)
        self._relevance()
        return self.rows

    def _fill(self, site: Site, count: int, first: int = 0) -> None:
        began = time.monotonic()
        with closing(psycopg2.connect(site.database)) as connection:
            _catalogue.fill(connection, count, first)
        _say(f"{site.name}: datasets {first} to {count} written in {_since(began)}")

    def _stock_rebuilds(self) -> tuple[float, float]:
        """Seconds for a dataset, of `rebuild` and of `rebuild-fast`, less loading CKAN."""
        self.stock.ckan("search-index", "rebuild", "-q")
        loading = self.stock.ckan("search-index", "rebuild", "-q", "-o")
        whole = self.stock.ckan("search-index", "rebuild", "-q") - loading
        fast = float(self.stock.python("-m", "tests.bench._stock_fast"))
        _say(f"stock: {STOCK_REBUILT} datasets, rebuild {whole:.0f} s, rebuild-fast {fast:.0f} s")
        return whole / STOCK_REBUILT, fast / STOCK_REBUILT

    def _our_rebuild(self, whole: float, fast: float) -> None:
        loading = self.ours.ckan("thanhhoa", "index", "--help")
        seconds = self.ours.ckan("thanhhoa", "index", "rebuild") - loading
        each = self.datasets / seconds
        for name, theirs, goal in (("rebuild", whole, 10.0), ("rebuild-fast", fast, 3.0)):
            what = f"full rebuild of {self.datasets} datasets against `{name}`"
            self._add(what, each, 1 / theirs, each * theirs, "datasets/s", goal)

    def _latency(self, ours: Client, theirs: Client) -> None:
        queries = _catalogue.queries(2 * QUERIES)
        asked = [_search(query) for query in queries]
        raw = self._raw_requests(asked)
        solr = Client(self.ours.solr)
        mine: list[float] = []
        bare: list[float] = []
        stocks: list[float] = []
        halves = list(range(QUERIES)), list(range(QUERIES, 2 * QUERIES))
        for first, second in (halves, halves[::-1]):
            self._forget()
            for one, other in zip(first, second, strict=True):
                mine.append(ours.ask(SEARCH, **asked[one])[0])
                bare.append(sum(_raw(solr, self.ours.solr, params) for params in raw[other]))
                stocks.append(theirs.ask(SEARCH, **asked[one])[0])
        what = f"package_search rows=20, 5 facets, {self.datasets} datasets, {2 * QUERIES} queries"
        for name, at in (("p50", 49), ("p95", 94)):
            ours_, raw_, stock_ = (_percentile(v, at) * 1000 for v in (mine, bare, stocks))
            goal = 1.5 * raw_ + 5
            row = _row(f"{what}, {name}", ours_, stock_, stock_ / ours_, "ms", goal, ours_ <= goal)
            self.rows.append({**row, "raw": round(raw_, 2)})
            _say(str(self.rows[-1]))

    def _thousand(self, ours: Client, theirs: Client) -> None:
        params = [
            {"q": "*:*", "rows": 1000, "start": at * 97, "sort": "metadata_modified desc"}
            for at in range(2 * BIG)
        ]
        mine, stocks = [], []
        for one in params:
            mine.append(ours.ask(SEARCH, **one)[0])
            stocks.append(theirs.ask(SEARCH, **one)[0])
        self._lower("package_search rows=1000", median(mine), median(stocks), 0.4)
        same = all(self._as_read(ours, one) for one in params[:2])
        self.rows.append(
            _row("rows=1000: JSON equal to that of CKAN's own reading", int(same), None, None, "",
                 1, same)
        )  # fmt: skip

    def _as_read(self, ours: Client, params: dict[str, Any]) -> bool:
        """Whether the answer is what the stored datasets say, each read and checked by itself."""
        found = ours.ask(SEARCH, **params)[1]["result"]["results"]
        raw = [{"q": "*:*", "fq": "+state:active +capacity:public", "fl": "validated_data_dict",
                "wt": "json", **{k: params[k] for k in ("rows", "start", "sort")}}]  # fmt: skip
        _, answer = Client(self.ours.solr).ask(f"{_path(self.ours.solr)}/select", **raw[0])
        stored = [json.loads(d["validated_data_dict"]) for d in answer["response"]["docs"]]
        return bool(found == stored and len(found) == params["rows"])

    def _pages(self, ours: Client, theirs: Client) -> None:
        names = [f"/dataset/bo-du-lieu-{at * 31 % self.datasets:06}" for at in range(PAGES)]
        pages = {
            f"dataset page ({PAGES} different)": names,
            "home page": ["/"] * 10,
            f"list of {_catalogue.ORGANIZATIONS} organisations": ["/organization/"] * 6,
        }
        stocks: dict[str, float] = {}
        tags: dict[str, str] = {}
        for what, paths in pages.items():
            mine, theirs_ = [], []
            for path in paths:
                seconds, answer, _ = ours.get(path)
                mine.append(seconds)
                tags[path] = answer.headers["ETag"]
                theirs_.append(theirs.get(path)[0])
            stocks[what] = median(theirs_)
            self._lower(f"{what}, first view", median(mine), stocks[what], 0.5)
        for what, paths in pages.items():
            again = [self._revalidated(ours, path, tags[path]) for path in paths]
            self._add(f"{what}, revalidation", median(again) * 1000, stocks[what] * 1000,
                      stocks[what] / median(again), "ms", 20.0)  # fmt: skip

    def _revalidated(self, ours: Client, path: str, tag: str) -> float:
        seconds, answer, _ = ours.get(path, {"If-None-Match": tag})
        if answer.status != 304:
            raise RuntimeError(f"{path} has no version that stays: {answer.status}")
        return seconds

    def _suggestions(self, ours: Client) -> None:
        typed = [query[: 2 + at % 12].strip() for at, query in
                 enumerate(_catalogue.queries(4 * PREFIXES, seed=9))]  # fmt: skip
        typed = [text for text in dict.fromkeys(typed) if len(text) > 1][:PREFIXES]
        times = [ours.ask(SUGGEST, q=text)[0] * 1000 for text in typed]
        p95 = _percentile(times, 94)
        what = f"suggestions, {len(times)} different beginnings, p95"
        self.rows.append(_row(what, p95, None, None, "ms", 30, p95 <= 30))
        _say(str(self.rows[-1]))

    def _relevance(self) -> None:
        reports = []
        for side, site in (("portal", self.ours), ("stock", self.stock)):
            command = [sys.executable, "-m", "tests.bench._relevance", side, site.solr]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                _say(f"the development collection is not asked: {done.stderr[-300:]}")
                return
            reports.append(json.loads(done.stdout.strip().splitlines()[-1]))
        mine, stocks = (report["overall"] for report in reports)
        for name, key, goal in (("nDCG@10", "ndcg10", 0.92), ("Recall@20", "recall20", 0.93)):
            met = mine[key] >= goal
            self.rows.append(
                _row(f"development collection, {name}", mine[key], stocks[key], None, "", goal, met)
            )
        empty = [100 * side["zero"] for side in (mine, stocks)]
        self.rows.append(_row("queries without a result", *empty, None, "%", 0, not mine["zero"]))
        shares = [100 * report["share"] for report in reports]
        what = "median share of the collection for queries of three and more syllables"
        self.rows.append(_row(what, *shares, None, "%", 10, shares[0] <= 10))
        for stratum, found in reports[0]["strata"].items():
            theirs = reports[1]["strata"][stratum]["ndcg10"]
            self.rows.append(
                _row(f"nDCG@10, {stratum}", found["ndcg10"], theirs, None, "", None, True)
            )

    def _raw_requests(self, asked: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        command = [sys.executable, "-m", "tests.bench._raw_queries"]
        done = subprocess.run(
            command, input=json.dumps(asked), text=True, capture_output=True, check=False,
            env={**os.environ, "CKAN_INI": str(self.ours.ini)},
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        found: list[list[dict[str, Any]]] = json.loads(done.stdout.strip().splitlines()[-1])
        return found

    def _forget(self) -> None:
        """Empties the caches of both cores."""
        for site in (self.ours, self.stock):
            root, _, core = site.solr.rpartition("/")
            get(f"{root}/admin/cores?action=RELOAD&core={core}")
        time.sleep(1)

    def _lower(self, what: str, ours: float, theirs: float, goal: float) -> None:
        share = ours / theirs
        row = _row(what, ours * 1000, theirs * 1000, share, "ms", goal, share <= goal)
        self.rows.append(row)
        _say(str(row))

    def _add(
        self, what: str, ours: float, theirs: float, ratio: float, unit: str, goal: float
    ) -> None:
        self.rows.append(_row(what, ours, theirs, ratio, unit, goal, ratio >= goal))
        _say(str(self.rows[-1]))


def _search(query: str) -> dict[str, Any]:
    return {"q": query, "rows": 20, "facet.field": json.dumps(FACETS), "facet.limit": 50}


def _raw(client: Client, core: str, params: dict[str, Any]) -> float:
    seconds, answer, _ = client.get(f"{_path(core)}/select?{urlencode(params, doseq=True)}")
    if answer.status != 200:
        raise RuntimeError(f"Solr: {answer.status} for {params}")
    return seconds


def _path(core: str) -> str:
    return "/" + core.split("/", 3)[3]


def _percentile(values: Sequence[float], at: int) -> float:
    return quantiles(values, n=100)[at]


def _row(
    what: str, ours: float, stock: float | None, ratio: float | None, unit: str,
    goal: float | None, met: bool,
) -> Row:  # fmt: skip
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 3)

    numbers = {"ours": rounded(ours), "stock": rounded(stock), "ratio": rounded(ratio)}
    return {"what": what, **numbers, "unit": unit, "goal": rounded(goal), "met": met}


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./portal bench search", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--datasets", type=int, default=DATASETS)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} datasets")
    options = parser.parse_args()
    found = Bench(QUICK if options.quick else options.datasets).run()
    if options.json:
        print(json.dumps({"bench": "search", "machine": machine(), "rows": found}))
        return 0
    print(f"search · {machine()}, load {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    for line in found:
        print(f"  {_told(line)}")
    return 0


def _told(line: Row) -> str:
    against = "".join(
        f", {name} {line[name]}" for name in ("stock", "raw") if line.get(name) is not None
    )
    ratio = "" if line["ratio"] is None else f", ratio {line['ratio']}"
    if line["goal"] is None:
        return f"{line['what']}: {line['ours']} {line['unit']}{against}"
    verdict = "met" if line["met"] else "not met"
    return (
        f"{line['what']}: {line['ours']} {line['unit']}{against}{ratio} ({line['goal']}: {verdict})"
    )


if __name__ == "__main__":
    sys.exit(main())
