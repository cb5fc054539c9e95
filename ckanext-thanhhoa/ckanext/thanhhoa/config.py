"""The portal's options, typed. Declared in `config_declaration.yaml`, read only here."""

from __future__ import annotations

import yaml
from ckan.exceptions import CkanConfigurationException
from ckan.plugins import toolkit

from harvesters.errors import HarvestError
from harvesters.settings import Limits, parse_config

#: Options of other plugins without which our schemas would silently not be used.
_WIRING = {
    "scheming.dataset_schemas": "schemas:dataset.yaml",
    "scheming.organization_schemas": "schemas:organization.yaml",
    "scheming.presets": "schemas:presets.yaml",
}


def require_wiring() -> None:
    """Refuses to start without the portal's schemas: CkanConfigurationException tells how."""
    for option, needed in _WIRING.items():
        value = toolkit.config.get(option) or ""
        if needed not in (value.split() if isinstance(value, str) else value):
            raise CkanConfigurationException(
                f"{option} must contain {needed} (it is {value!r}): the portal's datasets are "
                "described there. Add it to the .ini file."
            )


def jobs_url() -> str:
    """PostgreSQL URL of the database that wakes workers; empty when they only poll."""
    return str(toolkit.config["ckanext.thanhhoa.jobs_url"])


def lease_seconds() -> int:
    """Seconds without a sign of life after which a run is taken over."""
    return int(toolkit.config["ckanext.thanhhoa.lease_seconds"])


def run_deadline() -> int:
    """Seconds after which a run is ended as failed."""
    return int(toolkit.config["ckanext.thanhhoa.run_deadline"])


def batch() -> int:
    """Changes of a plan that are leased and written together."""
    return max(1, int(toolkit.config["ckanext.thanhhoa.batch"]))


def secrets_dir() -> str:
    """Folder of `file:NAME` secrets; empty when there is none."""
    return str(toolkit.config["ckanext.thanhhoa.secrets_dir"])


def reading_dir() -> str:
    """Folder for copies and pace on this machine; empty when there is none."""
    return str(toolkit.config["ckanext.thanhhoa.reading_dir"])


def copies_bytes() -> int:
    """Bytes of copies kept for one source."""
    return int(toolkit.config["ckanext.thanhhoa.copies_bytes"])


def upload_bytes() -> int:
    """Bytes of a file that a person uploads for a source."""
    return int(toolkit.config["ckanext.thanhhoa.upload_bytes"])


def proxy() -> str:
    """URL of the outgoing proxy; empty when there is none."""
    return str(toolkit.config["ckanext.thanhhoa.proxy"])


def fetch_limits() -> Limits:
    """How far an organisation's admin may set the bounds on reading."""
    given = yaml.safe_load(str(toolkit.config["ckanext.thanhhoa.fetch_limits"]))
    try:
        return parse_config({"fetch": given}).fetch
    except HarvestError as error:
        raise CkanConfigurationException(f"ckanext.thanhhoa.fetch_limits: {error}") from error


def encryption_key() -> str:
    """Key of stored secrets; empty when it is to be derived from SECRET_KEY."""
    return str(toolkit.config["ckanext.thanhhoa.encryption_key"])


def reconcile_minutes() -> int:
    """Minutes between two comparisons of index and database; 0: never by itself."""
    return int(toolkit.config["ckanext.thanhhoa.reconcile_minutes"])


def metrics_token() -> str:
    """Token for /metrics; empty when only administrators read it."""
    return str(toolkit.config["ckanext.thanhhoa.metrics_token"])


def index_wait() -> int:
    """Seconds that a change waits for its indexing."""
    return int(toolkit.config["ckanext.thanhhoa.index_wait"])


def index_batch() -> int:
    """Datasets per request to Solr."""
    return int(toolkit.config["ckanext.thanhhoa.index_batch"])


def solr_url() -> str:
    """Address of the core, collection or alias that is searched."""
    return str(toolkit.config["solr_url"]).rstrip("/")


def solr_account() -> tuple[str, str]:
    """User and password for Solr; empty when it asks for none."""
    user, password = toolkit.config.get("solr_user"), toolkit.config.get("solr_password")
    return str(user or ""), str(password or "")


def solr_nodes() -> list[str]:
    """Addresses of Solr's nodes without core or collection, that of `solr_url` first."""
    first = solr_url().rpartition("/")[0]
    others = toolkit.aslist(toolkit.config.get("ckanext.thanhhoa.solr_nodes") or "")
    return list(dict.fromkeys([first, *(node.rstrip("/") for node in others)]))


def keep_runs() -> int:
    """So many of a source's latest runs can be taken back, however old they are."""
    return int(toolkit.config["ckanext.thanhhoa.keep_runs"])


def keep_days() -> int:
    """Runs that are no older than this many days can be taken back, however many they are."""
    return int(toolkit.config["ckanext.thanhhoa.keep_days"])


def example_queries() -> list[str]:
    """Queries that the home page offers, where they find something."""
    listed = str(toolkit.config["ckanext.thanhhoa.example_queries"])
    return [query.strip() for query in listed.split(",") if query.strip()]
