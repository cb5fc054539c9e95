"""`/metrics`, for those who run the portal: a token of its own, or a sysadmin's API token."""

from __future__ import annotations

import hmac
from typing import Any

import flask
from ckan.common import current_user
from ckan.plugins import toolkit
from ckanext.thanhhoa import config
from ckanext.thanhhoa.metrics import exposition
from prometheus_client import CONTENT_TYPE_LATEST

metrics = flask.Blueprint("thanhhoa_metrics", __name__)


@metrics.route("/metrics")
def scrape() -> Any:
    """The metrics, which name the sources: nobody else's business."""
    if not _may_read():
        return toolkit.abort(
            403, toolkit._("The metrics are for the administrators of the portal.")
        )
    answer = flask.Response(exposition(), content_type=CONTENT_TYPE_LATEST)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _may_read() -> bool:
    wanted = config.metrics_token()
    given = flask.request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if wanted and hmac.compare_digest(given.encode(), wanted.encode()):
        return True
    return bool(current_user.is_authenticated and current_user.sysadmin)
