"""What kind of source is at an address that somebody is about to register?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ckanext.thanhhoa import config, source_settings
from ckanext.thanhhoa.source_check import DEADLINE
from ckanext.thanhhoa.words import word

from harvesters.errors import HarvestError, Problem
from harvesters.fetch.fetcher import Fetcher
from harvesters.fetch.grants import endpoint_of, is_local, local_path
from harvesters.messages import report_entry
from harvesters.plan import internal
from harvesters.probing import probe_all
from harvesters.registry import source_type
from harvesters.settings import Limits

#: Bytes that are fetched at most to see what an address is.
_BYTES = 20_000_000


def probe(url: str, allow: Sequence[str], lang: str = "vi") -> dict[str, Any]:
    """Asks every source type what is at the URL, within the grants given. Writes nothing.

    `{"url", "matches": [{"type", "type_title", "title", "datasets"}], "errors": [as in a run's
    report], "message"}`, the likeliest type first. Nobody is signed in: no secret is sent.
    """
    matches: list[dict[str, Any]] = []
    problem: Problem | None = None
    try:
        wanted = source_settings.checked_url(url)
        limits = Limits(deadline=DEADLINE, timeout=10, retries=0, max_bytes=_BYTES)
        with Fetcher(list(allow), limits, home=wanted, proxy=config.proxy()) as fetch:
            found = probe_all(wanted, fetch)
        problem = found.problem
        for match in found.matches:
            title = source_type(match.type).title
            matches.append(
                {
                    "type": match.type,
                    "type_title": title.get(lang) or title["en"],
                    "title": match.probe.title,
                    "datasets": match.probe.datasets,
                }
            )
    except HarvestError as error:
        problem = error.problem
    except Exception as error:
        problem = internal(error)
    errors = [] if matches or problem is None else [report_entry(problem, lang)]
    key = "probe_found" if matches else "probe_nothing"
    first = matches[0]["type_title"] if matches else ""
    return {
        "url": url,
        "matches": matches,
        "errors": errors,
        "message": word(key, lang, type=first),
    }


def own_grant(url: str) -> str:
    """The grant that lets a source reach its own address, and nothing else; "" for none."""
    try:
        return local_path(url) if is_local(url) else str(endpoint_of(url))
    except HarvestError:
        return ""
