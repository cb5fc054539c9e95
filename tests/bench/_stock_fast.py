"""Stock's ``search-index rebuild-fast``, timed: ``CKAN_INI=… python -m tests.bench._stock_fast``.

As CKAN starts it, its processes share a connection to the database that was open before they were
made, and stand still. Here that connection is closed first.
"""

from __future__ import annotations

import os
import time

from ckan import model
from ckan.cli import load_config
from ckan.cli.search_index import rebuild_fast
from ckan.config.middleware import make_app


def main() -> None:
    """Prints the seconds."""
    make_app(load_config(os.environ["CKAN_INI"]))
    model.Session.remove()
    model.ensure_engine().dispose()
    began = time.perf_counter()
    rebuild_fast.callback()
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
