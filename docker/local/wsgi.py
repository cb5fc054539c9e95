"""The WSGI application: CKAN with the portal's configuration (`CKAN_INI`)."""

from __future__ import annotations

import gc
import os

from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app

application = make_app(CKANConfigLoader(os.environ["CKAN_INI"]).get_config())

# What is loaded now stays: looking through it for garbage would halt a request for 0.2 seconds now
# and then.
gc.collect()
gc.freeze()
