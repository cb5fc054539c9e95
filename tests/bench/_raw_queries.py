"""What the portal asks Solr for given queries: ``python -m tests.bench._raw_queries < JSON``.

Reads a list of `package_search` parameters and prints for each the list of Solr requests, as they
are sent. With ``CKAN_INI`` of the portal.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pysolr
from ckan.cli import load_config
from ckan.config.middleware import make_app
from ckan.plugins import toolkit


def main() -> None:
    """From stdin to stdout."""
    asked: list[dict[str, Any]] = json.load(sys.stdin)
    app = make_app(load_config(os.environ["CKAN_INI"]))._wsgi_app
    sent: list[dict[str, Any]] = []
    own = pysolr.Solr._select

    def recorded(self: Any, params: dict[str, Any], handler: Any = None) -> Any:
        sent.append(dict(params))
        return own(self, params, handler)

    with app.test_request_context():
        search = toolkit.get_action("package_search")
        search({"user": ""}, {"q": "a"})  # what is read once is read
        pysolr.Solr._select = recorded
        every = []
        for params in asked:
            sent.clear()
            search({"user": ""}, dict(params))
            every.append(list(sent))
    json.dump(every, sys.stdout)


if __name__ == "__main__":
    main()
