"""The catalogue's vocabulary, read from the index: one per process, read again when it changed.

Counted are only datasets that everybody may see, so that no suggestion tells of any other.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as toolkit
import pysolr
from ckan.lib.search import common
from ckanext.thanhhoa.search_vocabulary import Vocabulary

log = logging.getLogger(__name__)

#: Seconds for which nobody looks whether the index has changed.
FRESH_FOR = 30.0
#: Reading takes at most this share of a process's time: the longer it took, the rarer it is done.
SHARE_OF_TIME = 0.02
#: Seconds for which the first search of a process waits; meanwhile queries are asked as they are.
LONGEST_WAIT = 3.0
#: Words and pairs taken from the index, the most frequent first; some 100 bytes each.
MOST_WORDS = 200_000


@dataclass
class _Kept:
    """The vocabulary of a site, of which state of the index, and when that was looked at."""

    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    state: tuple[Any, ...] = ()
    looked_at: float = float("-inf")
    took: float = 0.0
    reading: threading.Lock = field(default_factory=threading.Lock)


_kept: dict[str, _Kept] = {}


def current() -> Vocabulary:
    """The vocabulary of this site's index; the first call of a process reads it.

    Later calls never wait: a changed index is read beside them. Without Solr it is what was read
    last, at first empty: then queries are asked as they are.
    """
    site_id = toolkit.config["ckan.site_id"]
    kept = _kept.setdefault(site_id, _Kept())
    fresh_for = max(FRESH_FOR, kept.took / SHARE_OF_TIME)
    if time.monotonic() - kept.looked_at >= fresh_for and kept.reading.acquire(blocking=False):
        first = kept.looked_at == float("-inf")
        kept.looked_at = time.monotonic()
        reader = threading.Thread(
            target=_read, args=(kept, common.make_connection(), site_id), daemon=True
        )
        reader.start()
        if first:
            reader.join(LONGEST_WAIT)
    return kept.vocabulary


def read_again() -> Vocabulary:
    """The vocabulary as the index is now; for tests and after a rebuild."""
    site_id = toolkit.config["ckan.site_id"]
    kept = _kept[site_id] = _Kept(looked_at=time.monotonic())
    kept.reading.acquire()
    _read(kept, common.make_connection(), site_id)
    return kept.vocabulary


def read(solr: pysolr.Solr, site_id: str) -> Vocabulary:
    """The vocabulary of a site's index as it is now."""
    counted = {"facet": "true", "facet.field": "word", "facet.limit": MOST_WORDS}
    found = solr.search(**_seen(site_id), **counted, **{"facet.mincount": 1, "rows": 0})
    flat = found.facets["facet_fields"]["word"]
    return Vocabulary(dict(zip(flat[0::2], flat[1::2], strict=True)), found.hits).prepared()


def _read(kept: _Kept, solr: pysolr.Solr, site_id: str) -> None:
    began = time.monotonic()
    try:
        newest = solr.search(**_seen(site_id), rows=1, sort="indexed_ts desc", fl="indexed_ts")
        state = (newest.hits, *(document.get("indexed_ts") for document in newest.docs))
        if state != kept.state:
            kept.vocabulary, kept.state = read(solr, site_id), state
            kept.took = time.monotonic() - began
    except pysolr.SolrError as error:
        log.warning("the words of the index cannot be read: %s", error)
    finally:
        kept.reading.release()


def _seen(site_id: str) -> dict[str, str]:
    """The datasets that everybody may see."""
    public = "+capacity:public +permission_labels:public"
    return {"q": "*:*", "fq": f'+site_id:"{site_id}" +entity_type:package +state:active {public}'}
