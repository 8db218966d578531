"""Markdown with front matter: a Reading that keeps the reader's port, or a refusal."""

from collections.abc import Iterator

from fuzz_oracle import CANARY, Broken, value_or_refusal

from osler.core.errors import InputError
from osler.core.ports.reader import Source
from osler.core.readings import reading_fault
from osler.knowledge.ingest import starter_sources
from osler.knowledge.readers.guideline import GuidelineReader

READER = GuidelineReader()
TOKENS = (
    "+++\n", "id = ", "title = ", 'basis = "opened"', "published = 2026", "keywords = [", "\n# ", "\n```\n", "\n~~~\n",
    "[[a]]\n", "a.b.c = {", '"""', "'''", "\r", "\ufeff", "\u2028", "| a | b |\n", "nan", "0x", "1979-05-27T07:32:00Z",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Two shipped topics, and small ones with the canary in every place of a value."""
    for number, source in enumerate(starter_sources()):
        if number % 20 == 0:
            yield source.data
    front = f'+++\nid = "{CANARY}"\ntitle = "{CANARY}"\nkeywords = ["{CANARY}"]\nopened = "{CANARY}"\n+++\n'
    yield f"{front}# {CANARY}\n\nText of {CANARY}.\n\n```\n# code\n```\n## Next\n\n- item\n".encode()
    yield f'+++\nbasis = "{CANARY}"\n+++\nText.\n'.encode()
    yield f"+++\n{CANARY} = 1\n+++\nText.\n".encode()
    yield f"{CANARY}\n".encode("utf-16")


def one(data: bytes) -> None:
    """One input."""
    source = Source(name=f"{CANARY}.md", data=data)
    reading = value_or_refusal(lambda: READER.read(source), InputError)
    fault = reading_fault(reading, ()) if reading is not None else ""
    if fault:
        raise Broken(fault)
