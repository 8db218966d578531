"""The embedded default: answers with sentences of the evidence, each cited. It needs no weights.

It is a stand-in, not a language model, and ends each answer by saying so. It reads the evidence that
the gateway put into the prompt (osler.backends.evidence_block), repeats all sentences that make up a
complete structured answer, adds those that share most with the question, and invents nothing. The
same call gives the same answer. Sampling parameters mean nothing to it and are ignored. For the
model id "hashing" it embeds texts lexically (osler.backends.hashing).
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Sequence

from osler.backends import hashing
from osler.backends.evidence_block import EvidenceBlock, Sentence, read_block
from osler.backends.relevance import Match, rank
from osler.backends.words import ADVICE_WORDS, VERDICT_WORDS, words
from osler.core.errors import UpstreamError, UpstreamRefused
from osler.core.messages import Delta, Message, Usage
from osler.core.ports.completer import ModelCall

CHAT_ID = "extractive"
EMBEDDING_ID = "hashing"
NOTHING = "No evidence found."
STAND_IN = "Osler's extractive stand-in wrote this: sentences of the evidence, not a language model's words."
MOST = 5
"""Sentences that are added to, or make up, an answer by their relevance."""
MOST_EQUAL = 12
"""So many where they match equally well: then leaving some out would be arbitrary."""
MOST_ADVICE = 6
"""So many where advice on a drug is asked for, and then at most ONE_SOURCE from one source."""
ONE_SOURCE = 3
BACKGROUND = 0.25
"""What each of up to two things that a sentence shares with the patient's record is worth, of the question's weight."""
VERDICT = 0.35
"""What it is worth that a sentence says whether something may be given."""
ENOUGH_OF_BEST = 0.3
"""A sentence that scores below this share of the best one is left out."""
GOOD_SHARE = 0.5
"""Beside a complete structured answer: the share of the question that a further sentence must match, unless advice
about a drug is asked for and it speaks of that drug."""

_PIECE = re.compile(r"\s*\S+(?:\s+\Z)?")


class Extractive:
    """Implements the ports Completer and Embedder. Takes no options, holds no state, opens no connection."""

    async def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        """The answer; streamed by the word. Usage counts words separated by white space, not tokens."""
        _require(call.model_id, CHAT_ID)
        text = answer(call.messages)
        usage = Usage(prompt=sum(len(m.content.split()) for m in call.messages), completion=len(text.split()))
        if not stream:
            yield Delta(text=text, finish="stop", usage=usage)
            return
        for piece in _PIECE.findall(text):
            yield Delta(text=piece)
            await asyncio.sleep(0)
        yield Delta(finish="stop", usage=usage)

    async def embed(
        self, model_id: str, texts: tuple[str, ...], *, dimensions: int | None = None
    ) -> tuple[tuple[float, ...], ...]:
        """Lexical vectors of 384 dimensions, and of no other number."""
        _require(model_id, EMBEDDING_ID)
        if dimensions not in (None, hashing.DIMENSIONS):
            raise UpstreamRefused(
                f"The embedded backend's vectors have {hashing.DIMENSIONS} dimensions, and no others.",
                remedy="Leave `dimensions` out.",
            )
        return tuple(hashing.embed(text) for text in texts)

    async def probe(self) -> tuple[str, ...]:
        """The two ids that it serves."""
        return CHAT_ID, EMBEDDING_ID

    async def aclose(self) -> None:
        """Nothing to release."""


def answer(messages: Sequence[Message]) -> str:
    """The answer to the last user message out of the evidence in the system message."""
    question = next((m.content for m in reversed(messages) if m.role == "user"), "")
    block = read_block(messages)
    whole = [s for s in block.sentences if s.whole]
    others = _chosen(question, block)
    parts = [
        "\n".join(f"- {_cited(s)}" for s in whole),
        "\n".join(_cited(s) for s in others),
        "\n".join(block.notices),
    ]
    return "\n\n".join([*(part for part in parts if part)] or [NOTHING]) + f"\n\n{STAND_IN}"


def _chosen(question: str, block: EvidenceBlock) -> list[Sentence]:
    """The most relevant sentences beyond the complete set, each text once, in the order of the evidence."""
    whole = [s for s in block.sentences if s.whole]
    advice = not ADVICE_WORDS.isdisjoint(words(question))
    matches = rank(question, block.sentences, "\n".join(s.text for s in whole) if advice else "")
    others = [m for m in matches if not m.sentence.whole]
    if whole:
        others = [m for m in others if (m.drug and advice) or (m.terms > 1 and m.share >= GOOD_SHARE)]
    if not others:
        return []
    if whole and advice and any(m.drug for m in others):
        return _advising(others, {s.text for s in whole})
    least = ENOUGH_OF_BEST * others[0].score
    seen = {s.text for s in whole}
    chosen: list[Sentence] = []
    for match in others:
        if match.score < least or match.sentence.text in seen:
            continue
        if len(chosen) >= (MOST_EQUAL if match.score >= others[0].score else MOST):
            break
        seen.add(match.sentence.text)
        chosen.append(match.sentence)
    return sorted(chosen, key=lambda s: s.n)


def _advising(matches: Sequence[Match], seen: set[str]) -> list[Sentence]:
    """The sentences that bear most on giving the drug to this very patient, not all from one source."""
    chosen: list[Sentence] = []
    sources: Counter[str] = Counter()
    ranked = sorted(matches, key=lambda m: (-_bearing(m), m.sentence.n))
    least = ENOUGH_OF_BEST * _bearing(ranked[0])
    for match in ranked:
        source = match.sentence.title.partition(":")[0]
        if _bearing(match) < least or match.sentence.text in seen or sources[source] == ONE_SOURCE:
            continue
        sources[source] += 1
        chosen.append(match.sentence)
        if len(chosen) == MOST_ADVICE:
            break
    return sorted(chosen, key=lambda s: s.n)


def _bearing(match: Match) -> float:
    """How much a sentence says on the question for the patient whose record was given whole."""
    verdict = not VERDICT_WORDS.isdisjoint(words(match.sentence.text))
    return match.share + BACKGROUND * min(2, match.background) + (VERDICT if verdict else 0.0)


def _cited(sentence: Sentence) -> str:
    return f"{sentence.text} [{sentence.n}]"


def _require(given: str, served: str) -> None:
    if given != served:
        raise UpstreamError(
            f"The embedded backend serves '{CHAT_ID}' for chat and '{EMBEDDING_ID}' for embeddings, nothing else.",
            remedy="Give its models one of these ids in osler.toml.",
        )
