"""The portal's own pages, as Flask blueprints."""

from __future__ import annotations

from ckanext.thanhhoa.views import source_form, upload  # noqa: F401 -- they add their routes
from ckanext.thanhhoa.views.download import download
from ckanext.thanhhoa.views.metrics import metrics
from ckanext.thanhhoa.views.sources import sources
from flask import Blueprint


def get_blueprints() -> list[Blueprint]:
    """Every blueprint of the portal."""
    return [download, metrics, sources]
