"""Politeness: requests to one host are spaced, whoever on this machine asks."""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import time
from collections.abc import Callable

from harvesters.fetch.grants import Endpoint

#: A time further ahead than this is left over from before the machine was started anew.
_BEYOND = 3600.0
_FORM = struct.Struct("<d")


class Pace:
    """Says when a host may be asked next, within this process or, with a folder, on this machine.

    In the folder lies one small file for each host: the moment of the next free turn by the
    machine's monotonic clock, which all its processes share. Whoever takes a turn locks the file
    for the time of reading and writing eight bytes. Workers on several machines do not know of
    each other.
    """

    def __init__(self, folder: str = "", clock: Callable[[], float] = time.monotonic):
        self._folder = folder
        self._clock = clock
        self._free: dict[Endpoint, float] = {}

    def turn(self, endpoint: Endpoint, gap: float) -> float:
        """Takes the next turn at a host; gives the seconds until then. `gap` is in seconds."""
        if gap <= 0:
            return 0.0
        now = self._clock()
        if not self._folder:
            due = max(now, self._free.get(endpoint, now))
            self._free[endpoint] = due + gap
            return due - now
        return self._shared(endpoint, gap, now) - now

    def _shared(self, endpoint: Endpoint, gap: float, now: float) -> float:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        name = hashlib.sha256(str(endpoint).encode()).hexdigest()[:32]
        path = os.path.join(self._folder, name)
        with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            held = file.read(_FORM.size)
            free = _FORM.unpack(held)[0] if len(held) == _FORM.size else now
            due: float = max(now, free) if free - now < _BEYOND else now
            file.seek(0)
            file.write(_FORM.pack(due + gap))
            file.flush()
        return due
