"""What the plain socket servers of this room share: a thread that accepts on 127.0.0.1 and ends when told to."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Listener:
    """Accepts connections on a free port of 127.0.0.1, each served in a thread of its own, while the `with` lasts.

    A subclass says in `_opened` how a connection is served; it keeps `_open` up to date under `_lock`, so that what is
    still open is shut at the end.
    """

    def __init__(self, name: str) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, name=name, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        # shutdown() wakes the thread that waits in accept(); close() alone would not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        with self._lock:
            connections = tuple(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._opened(connection), daemon=True).start()

    def _opened(self, connection: socket.socket) -> Callable[[], None]:
        """Called in the accepting thread, in the order of the connections: what is to serve this one."""
        raise TypeError("a Listener is to be subclassed")
