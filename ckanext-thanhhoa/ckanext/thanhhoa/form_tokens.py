"""Forms need their token, whoever used an API token before.

CKAN 2.12 frees a view from CSRF protection when it is called with an API token, and never takes
that back: from then on the process accepts that view's forms from anywhere, for everybody.
Here the exemption ends with the request it was made for.
"""

from __future__ import annotations

import flask
from ckan.config.middleware.flask_app import csrf


def keep(app: flask.Flask) -> None:
    """Runs after CKAN's own check of each request, and checks what that let through."""
    from_the_start = frozenset(csrf._exempt_views)

    def enforce() -> None:
        csrf._exempt_views.intersection_update(from_the_start)
        signed_by_token = flask.g.get("login_via_auth_header")
        if not app.config["WTF_CSRF_ENABLED"] or signed_by_token or flask.g.get("csrf_valid"):
            return
        csrf.protect(apply_exemptions=True)

    app.before_request(enforce)
