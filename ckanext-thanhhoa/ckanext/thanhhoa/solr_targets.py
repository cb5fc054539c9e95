"""Where a rebuild of the index goes: a new core beside the one that is searched, or a collection.

A Solr of its own gets a core from the newest configset that its start has laid out, and swaps it
with the one that is searched. A SolrCloud gets a collection, and the address that is searched
becomes (or stays) an alias, which is pointed to it. Either is one step: who searches finds the old
index or the new one, never none.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import pysolr
import requests
from ckanext.thanhhoa import config, page_versions, solr_connection

#: Seconds that Solr may take to make, swap or remove a core or a collection.
PATIENCE = 120
#: The property of the Java process that names the newest configset (set by what starts Solr).
NEWEST = "portal.configset"
#: The property that says whether the core that was found at the start is of an older one.
OUTDATED = "portal.outdated"


class CannotRebuild(Exception):
    """Solr cannot be given a second index; the message says why."""


class Target(Protocol):
    """How a second index is made and takes the place of the first."""

    def goes_on(self, name: str) -> bool:
        """Whether an index that was begun is of the configset and code that one begun now is."""

    def create(self) -> str:
        """Makes an empty index; gives its name."""

    def names(self) -> list[str]:
        """The indexes that rebuilds have made and that are not searched."""

    def take_over(self, name: str) -> str:
        """From now on that index is searched; gives the name of what was searched before."""

    def remove(self, name: str) -> None:
        """Deletes an index that is not searched."""


def target(configset: str = "") -> Target:
    """The way of the Solr that is searched. Raises CannotRebuild."""
    mode = _get("admin/info/system").get("mode")
    kind = _Collections if mode == "solrcloud" else _Cores
    return kind(_searched(), configset, _version(configset))


def is_outdated() -> bool:
    """Whether the core that is searched was made of an older configset than the newest.

    In a SolrCloud both have names. Of a Solr of its own, what starts it compares them; a core that
    a rebuild has made since then lies in a folder of its own name, and is of the newest.
    """
    if _get("admin/info/system").get("mode") == "solrcloud":
        newest = _property(NEWEST)
        return bool(newest) and newest != _Collections(_searched()).configset_now()
    if _property(OUTDATED) != "true":
        return False
    started = _get("admin/info/system")["jvm"]["jmx"]["startTime"]
    core = _get("admin/cores", action="STATUS", core=_searched())["status"][_searched()]
    made = re.search(r"_(\d{14})_[0-9a-f]{4,12}$", core["instanceDir"].rstrip("/"))
    return made is None or made[1] < re.sub(r"\D", "", started)[:14]


def address(name: str) -> str:
    """The address of a core or collection beside the one that is searched."""
    return f"{_root()}/{name}"


@dataclass(frozen=True)
class _Named:
    """Of which name, configset and code an index is made; its name tells the last two."""

    searched: str
    configset: str = ""
    version: str = ""

    def goes_on(self, name: str) -> bool:
        return bool(self.version) and name.endswith(self.version)

    def _new_name(self) -> str:
        moment = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        return f"{self.searched}_{moment}_{secrets.token_hex(2)}{self.version}"


class _Cores(_Named):
    """A Solr of its own. After a swap the new core bears the old one's name."""

    def create(self) -> str:
        configset = self.configset or _newest_configset()
        name = self._new_name()
        _get("admin/cores", action="CREATE", name=name, instanceDir=name, configSet=configset)
        return name

    def names(self) -> list[str]:
        return _made(self.searched, _get("admin/cores", action="STATUS")["status"])

    def take_over(self, name: str) -> str:
        _get("admin/cores", action="SWAP", core=self.searched, other=name)
        return name

    def remove(self, name: str) -> None:
        _get("admin/cores", action="UNLOAD", core=name, deleteInstanceDir="true")


class _Collections(_Named):
    """A SolrCloud. The first rebuild makes an alias of what was a collection's name."""

    def create(self) -> str:
        now = self._cluster()["collections"][self._current()]
        name = self._new_name()
        _get(
            "admin/collections",
            action="CREATE",
            name=name,
            numShards=len(now["shards"]),
            replicationFactor=now["replicationFactor"],
            waitForFinalState="true",
            **{"collection.configName": self.configset or _property(NEWEST) or now["configName"]},
        )
        return name

    def names(self) -> list[str]:
        current = self._current()
        made = _made(self.searched, self._cluster()["collections"])
        return [name for name in made if name != current]

    def take_over(self, name: str) -> str:
        before = self._current()
        _get("admin/collections", action="CREATEALIAS", name=self.searched, collections=name)
        return before

    def remove(self, name: str) -> None:
        _get("admin/collections", action="DELETE", name=name, followAliases="false")

    def configset_now(self) -> str:
        """The configset of the collection that is searched."""
        return str(self._cluster()["collections"][self._current()]["configName"])

    def _current(self) -> str:
        return str(self._cluster().get("aliases", {}).get(self.searched, self.searched))

    def _cluster(self) -> dict[str, Any]:
        return dict(_get("admin/collections", action="CLUSTERSTATUS")["cluster"])


def _newest_configset() -> str:
    found = _property(NEWEST)
    if not found:
        raise CannotRebuild(
            f"Solr was started without -D{NEWEST}, so it cannot make a core of the newest "
            "configset: start it with the portal's serve.sh, or name one with --configset."
        )
    return found


def _property(name: str) -> str:
    found = _get("admin/info/properties", name=name).get("system.properties", {})
    return str(found.get(name) or "")


def _version(configset: str) -> str:
    """What tells an index made of this configset and by this code from others: 8 characters."""
    made_with = f"{configset or _property(NEWEST)} {page_versions.code_version()}"
    return hashlib.sha256(made_with.encode()).hexdigest()[:8]


def _made(searched: str, names: Iterable[str]) -> list[str]:
    pattern = re.compile(re.escape(searched) + r"_\d{14}_[0-9a-f]{4,12}")
    return [name for name in names if pattern.fullmatch(name)]


def _searched() -> str:
    return config.solr_url().rpartition("/")[2]


def _root() -> str:
    return config.solr_url().rpartition("/")[0]


def _get(path: str, **params: Any) -> dict[str, Any]:
    """An answer of Solr's administration. Raises pysolr.SolrError as searches do."""
    solr = solr_connection.make_connection(decode_dates=False)
    try:
        answer = solr.get_session().get(
            f"{_root()}/{path}", params={**params, "wt": "json"}, timeout=PATIENCE, auth=solr.auth
        )
        said: dict[str, Any] = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise pysolr.SolrError(f"Solr's administration did not answer: {error}") from error
    if answer.status_code != 200 or "error" in said:
        message = said.get("error", {}).get("msg", answer.status_code)
        raise pysolr.SolrError(f"Solr refuses {params.get('action', path)}: {message}")
    return said
