"""A TCP server for answers that no HTTP library would give: slow, cut, lying."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator

Answer = Callable[[socket.socket, bytes], None]


class RawServer:
    """Reads a request's head, lets `answer` write what it likes, closes. Counts connections."""

    def __init__(self, answer: Answer):
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.heads: list[bytes] = []
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._main = threading.Thread(target=self._accept, daemon=True)
        self._main.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def allow(self) -> tuple[str]:
        return (f"127.0.0.1:{self.port}",)

    def close(self) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._main, *self._threads):
            thread.join(5)

    def drip(self, connection: socket.socket, data: bytes, every: float) -> None:
        """A byte at a time, until the other side has had enough."""
        for byte in data:
            if self._stop.wait(every):
                return
            connection.sendall(bytes([byte]))

    def wait(self, seconds: float) -> None:
        """Says nothing for a while."""
        self._stop.wait(seconds)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # The client cuts connections on purpose: a broken pipe is the expected end here.
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = connection.recv(65536)
                if not data:
                    break
                head += data
            head, _, body = head.partition(b"\r\n\r\n")
            # A request of which something was not read would be answered by a reset.
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            while length and len(body) < int(length[1]):
                body += connection.recv(65536) or b" " * int(length[1])
            self.heads.append(head + b"\r\n\r\n")
            self._answer(connection, head)


@contextlib.contextmanager
def raw_server(answer: Callable[[RawServer, socket.socket], None]) -> Iterator[RawServer]:
    """A running server; `answer` gets the server (for `drip`, `wait`) and the connection."""
    server = RawServer(lambda connection, head: answer(server, connection))
    try:
        yield server
    finally:
        server.close()


def fixed(data: bytes) -> Callable[[RawServer, socket.socket], None]:
    """An answer that is always these bytes."""
    return lambda server, connection: connection.sendall(data)
