"""Installs a part of the portal's software: `python3 install.py python` or `solr`.

The container images are made by these two steps; `./portal up` takes the same ones.
"""

from __future__ import annotations

import sys

from portal_cli.software import RUNTIME, ensure_python, ensure_solr

PARTS = {"python": ensure_python, "solr": ensure_solr}

if __name__ == "__main__":
    RUNTIME.mkdir(exist_ok=True)
    for part in sys.argv[1:]:
        PARTS[part]()
