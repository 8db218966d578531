"""How many tokens a request takes, estimated: no tokenizer is at hand for the models of a site.

Two estimates are made of the text that leaves, by rules of thumb that were not measured on any model's tokenizer:
`likely` (3.6 characters a token, more tokens for what is not ASCII) serves budgets, costs and the order of targets;
`least` (6.5 characters a token, white space counted once) is meant to be below what a tokenizer makes of prose, and
only by it is a request refused as too long. What it lets pass the model server may still refuse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from osler.core.errors import ContextTooLong
from osler.gateway.router import Target

_LIKELY = 3.6
_LEAST = 6.5
_IMAGE = 85
"""Tokens of a picture, at the least."""
_ANSWER = 512
"""Tokens of an answer whose length nobody bounded, for costs and budgets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Tokens of a request, as estimated, and most tokens of its answer (None: not bounded by the request)."""

    least: int
    likely: int
    answer: int | None = None

    @property
    def expected(self) -> int:
        """Tokens in and out that the request is held to take."""
        return self.likely + (self.answer if self.answer is not None else _ANSWER)


def size_of(texts: Sequence[str], params: Mapping[str, object], *, images: int = 0) -> Size:
    """The size of a request by its texts; white space counts for nothing in `least`."""
    characters = sum(map(len, texts))
    other = sum(len(t.encode("utf-8", "surrogatepass")) - len(t) for t in texts if not t.isascii())
    dense = characters if characters < 4096 else sum(len(w) + 1 for t in texts for w in t.split())
    return Size(
        least=int(min(dense, characters) / _LEAST) + images * _IMAGE,
        likely=int(characters / _LIKELY + other / 2) + 4 * len(texts) + images * _IMAGE,
        answer=_bound(params),
    )


def fitting(targets: Sequence[Target], size: Size) -> tuple[Target, ...]:
    """The targets whose models take the request in, in their order, those that it may be too long for last.

    Raises ContextTooLong when it is too long for each of them.
    """
    room = size.answer or 0
    possible = [t for t in targets if size.least + min(room, 1) <= t.model.context]
    if not possible:
        longest = max((t.model.context for t in targets), default=0)
        raise ContextTooLong(
            f"The request is too long: at least {size.least:,} tokens, and the largest model that may take it takes "
            f"{longest:,}.",
            remedy="Send less, turn grounding off, or ask for a model with a larger context.",
            param="messages",
        )
    safe = [t for t in possible if size.likely + room <= t.model.context]
    return (*safe, *(t for t in possible if t not in safe))


def _bound(params: Mapping[str, object]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = params.get(name)
        if type(value) is int:
            return value
    return None
