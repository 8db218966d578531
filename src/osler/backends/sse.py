"""Server-sent events, parsed incrementally from bytes (WHATWG HTML, section 9.2.6). Pure; no sockets.

Takes the bytes in any chunking, gives the data of each event. Lines end in LF, CRLF or CR; comments
and the fields `event`, `id` and `retry` are skipped; several `data` lines are joined by LF; bytes
are decoded line by line, so a character split over two chunks is whole again.
"""

import re

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """One event exceeds the parser's limit."""


class EventParser:
    """Feed it bytes, get events. `limit` is the most bytes that one event may hold, and the most of one line.

    Raises EventTooLarge, and UnicodeDecodeError when data is not UTF-8: a stream that carries
    clinical text is refused rather than repaired with replacement characters.
    """

    def __init__(self, limit: int = 1 << 20) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._data: list[str] = []
        self._size = 0
        self._begun = False
        self._searched = 0

    def feed(self, chunk: bytes) -> list[str]:
        """The data of the events that are complete by now."""
        self._buffer += chunk
        if not self._begun and not self._skip_bom():
            return []
        events: list[str] = []
        at = 0
        # What was searched before is not searched again: a line may come byte by byte.
        while (end := _LINE_END.search(self._buffer, max(at, self._searched))) is not None:
            if end[0] == b"\r" and end.end() == len(self._buffer):
                break  # the LF of a CRLF may be in the next chunk
            if (
                self._size + end.end() - at > self._limit
            ):  # else it would matter how the line was cut into packets
                raise EventTooLarge
            self._line(bytes(self._buffer[at : end.start()]), events)
            at = end.end()
        del self._buffer[:at]
        self._searched = max(0, len(self._buffer) - 1)
        if self._size + len(self._buffer) > self._limit:
            raise EventTooLarge
        return events

    def finish(self) -> list[str]:
        """At the end of the stream: the last event, where the server left out the empty line after it.

        A caller that must not trust half an event checks what it gets, as JSON for example.
        """
        events: list[str] = []
        if self._buffer:
            self._line(bytes(self._buffer).rstrip(b"\r"), events)
            self._buffer.clear()
        self._line(b"", events)
        return events

    def _skip_bom(self) -> bool:
        if len(self._buffer) < len(_BOM) and _BOM.startswith(self._buffer):
            return False
        if self._buffer.startswith(_BOM):
            del self._buffer[: len(_BOM)]
        self._begun = True
        return True

    def _line(self, line: bytes, events: list[str]) -> None:
        if not line:
            if self._data:
                events.append("\n".join(self._data))
            self._data, self._size = [], 0
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            value = value.removeprefix(b" ")
            self._size += len(value) + 1
            if self._size > self._limit:
                raise EventTooLarge
            self._data.append(value.decode("utf-8"))
