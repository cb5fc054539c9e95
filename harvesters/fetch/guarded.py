"""Holds a database driver that opens its own sockets to the addresses that were checked.

The drivers of SQL Server and Oracle take a host, not a socket, and follow a server that sends them
elsewhere (a routing or redirect answer). Python tells its audit hooks of every connection before it
is made, so a hook can refuse one; it heeds only threads that are inside `only`, and costs the
others one comparison.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from harvesters.errors import HarvestError

_here = threading.local()
_lock = threading.Lock()
_installed = False


@contextlib.contextmanager
def only(
    addresses: Sequence[str], port: int, watch: Callable[[socket.socket], None]
) -> Iterator[None]:
    """Within, this thread connects to these addresses at this port, or to nothing.

    `watch` gets a duplicate of each socket before it is connected, so that a deadline can cut it
    in the handshake too, which no time limit of these drivers bounds. A refused connection raises
    `host_not_granted` when the block is left, whatever the driver made of the refusal.
    """
    _install()
    refused: list[str] = []
    _here.rule = ({(address, port) for address in addresses}, watch, refused)
    try:
        yield
    except Exception as error:
        if refused:
            raise HarvestError("host_not_granted", where=refused[0]) from error
        raise
    finally:
        _here.rule = None


def _install() -> None:
    global _installed
    with _lock:
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True


def _hook(event: str, arguments: Any) -> None:
    if event != "socket.connect":
        return
    rule = getattr(_here, "rule", None)
    if rule is None:
        return
    allowed, watch, refused = rule
    connection, address = arguments
    place = (address[0], address[1]) if isinstance(address, tuple) else (str(address), 0)
    if place not in allowed:
        refused.append(f"{place[0]}:{place[1]}")
        raise PermissionError(f"{place[0]}:{place[1]} was not granted")
    watch(connection.dup())
