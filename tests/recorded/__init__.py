"""Recorded payloads of real systems (`../shared/real`), and how each of them is read.

The files are other people's: they lie beside the checkout, never in it. What the tests of a source
type and the table of all payloads (`tests.real_table`) both have to know of a file stands here:

- `settings`: what an administrator would write for it;
- `services`: the services that the recorded answers are given back by;
- `remarks`: what is no source by itself, and the problems that a file is known for.
"""

from __future__ import annotations

import os
from pathlib import Path


def _found() -> Path:
    """The folder that `PORTAL_SHARED` names, else the nearest one beside a folder above."""
    if named := os.environ.get("PORTAL_SHARED"):
        return Path(named) / "real"
    above = [folder / "shared" / "real" for folder in Path(__file__).parents[2:]]
    return next((folder for folder in above if folder.is_dir()), above[0])


REAL = _found()
NOT_HERE = f"the recorded payloads are not at hand: {REAL}"
