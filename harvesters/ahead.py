"""Reading ahead: the next records come in while those before them are mapped and compared."""

from __future__ import annotations

import contextlib
import contextvars
import queue
import threading
import time
from collections.abc import Callable, Iterator

from harvesters.model import End, Item, Record

#: Items handed over together, or those of so many seconds.
TOGETHER, PATIENCE = 100, 0.5
#: Batches that may wait: so much is read ahead, and no more.
WAITING = 2
#: Seconds between two calls of `idle` while nothing comes.
IDLE_EVERY = 1.0
#: Seconds that a source has to come to a stop by itself.
STOP_WITHIN = 2.0


class ReadAhead:
    """Runs a source's generator in a thread of its own; iterating gives its items in order.

    An error comes where it was raised. `idle` is called now and then while the source is waited
    for. A record that carries a file or a table is handed over alone and not read past, so that
    there is one of them in memory, not several. Leaving the `with` early stops the reading: `cut`
    ends whatever the source waits for, and its generator is closed.
    """

    def __init__(self, items: Iterator[Item], idle: Callable[[], None], cut: Callable[[], None]):
        self._items = items
        self._idle = idle
        self._cut = cut
        self._queue: queue.Queue[tuple[list[Item], BaseException | None, bool]]
        self._queue = queue.Queue(WAITING)
        self._stopped = threading.Event()
        # What the application keeps by context (CKAN: its configuration) holds there as well.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(target=run, args=(self._read,), daemon=True)

    def __enter__(self) -> ReadAhead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        with self._queue.all_tasks_done:
            self._queue.all_tasks_done.notify_all()
        with contextlib.suppress(queue.Empty):
            while True:
                self._queue.get_nowait()
                self._queue.task_done()
        self._thread.join(STOP_WITHIN)
        if self._thread.is_alive():
            self._cut()
            self._thread.join()

    def __iter__(self) -> Iterator[Item]:
        last = False
        while not last:
            try:
                batch, error, last = self._queue.get(timeout=IDLE_EVERY)
            except queue.Empty:
                self._idle()
                continue
            yield from batch
            batch.clear()
            self._queue.task_done()
            if error is not None:
                raise error

    def _read(self) -> None:
        try:
            self._hand_over_all()
        except BaseException as error:
            self._put([], error, last=True)
        finally:
            # Here, since a generator that is being run cannot be closed from another thread.
            close = getattr(self._items, "close", lambda: None)
            close()

    def _hand_over_all(self) -> None:
        batch: list[Item] = []
        try:
            began = time.monotonic()
            for item in self._items:
                batch.append(item)
                heavy = _is_heavy(item)
                now = time.monotonic()
                if heavy or len(batch) >= TOGETHER or now - began >= PATIENCE:
                    self._put(batch)
                    batch, began = [], now
                if heavy:
                    self._wait_until_taken()
                if self._stopped.is_set():
                    return
                if isinstance(item, End):
                    break
        finally:
            self._put(batch)
        self._put([], last=True)

    def _put(
        self, batch: list[Item], error: BaseException | None = None, last: bool = False
    ) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put((batch, error, last), timeout=IDLE_EVERY)
                return

    def _wait_until_taken(self) -> None:
        with self._queue.all_tasks_done:
            while self._queue.unfinished_tasks and not self._stopped.is_set():
                self._queue.all_tasks_done.wait(IDLE_EVERY)


def _is_heavy(item: Item) -> bool:
    return isinstance(item, Record) and any(r.file or r.table for r in item.resources)
