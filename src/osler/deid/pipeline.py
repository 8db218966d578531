"""The engine: every detector over a text, known identifiers literally, names propagated, overlaps resolved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from typing import Self

from osler.core.errors import GuardUnavailable, PluginError
from osler.core.ports.detector import BatchDetector, Detector, KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import propagate
from osler.deid.evidence import NETWORKS, accepted, agreed, bridged, consistent, settle, threshold
from osler.deid.found import Found, Spans
from osler.deid.fuzzy import FuzzyNames, fuzzy_names
from osler.deid.known import KnownFinder
from osler.deid.patterns import PatternScanner
from osler.deid.remembered import Remembered
from osler.deid.replace import Replacer, Transform
from osler.deid.sequence.tagger import SmallTagger, Tagger
from osler.deid.site import SiteProtocol, detectors_of
from osler.deid.titled import TitledNames
from osler.deid.uncertain import Weighed, weighed


class Deidentifier:
    """Finds identifiers in text. Made once, then safe to use from several threads; keeps no text."""

    def __init__(
        self, detectors: Sequence[Detector], *, site: SiteProtocol | None = None, remember: int = 0
    ) -> None:
        """`site` says what the site decided beyond its detectors; see `osler.deid.site`.

        `remember` is for how many texts `detect` keeps what was found; see `osler.deid.remembered`.
        """
        self._site = site or SiteProtocol()
        self._remember = remember
        self._detectors = (*detectors, *detectors_of(self._site))
        # asked once: looking a protocol up takes longer than some detectors
        self._batched = tuple(d if isinstance(d, BatchDetector) else None for d in self._detectors)
        # only of the first ones: the order of what they say may decide between equals
        self._steady = sum(1 for _ in takewhile(_is_lasting, self._detectors))
        self._memory = Remembered(remember) if remember and self._steady else None

    @classmethod
    def standard(cls) -> Self:
        """The full engine: patterns and the sequence model."""
        return cls.load()

    @classmethod
    def load(
        cls, *, fast: bool = False, extra: Sequence[Detector] = (), site: SiteProtocol | None = None
    ) -> Self:
        """The engine, in well under a second.

        `fast` takes a tenth of the network: quicker, and it misses more, above all names and places without cues.
        `extra` are further detectors, which join the built-in ones.
        """
        return cls([PatternScanner(), TitledNames(), SmallTagger() if fast else Tagger(), *extra], site=site)

    @property
    def detectors(self) -> tuple[str, ...]:
        """Names of the detectors, in order."""
        return tuple(d.name for d in self._detectors)

    @property
    def is_blind(self) -> bool:
        """Whether there is no detector at all: then that nothing is found says nothing of a text."""
        return not self._detectors

    @property
    def waits(self) -> bool:
        """Whether a detector may wait for something outside of the process: all do that do not say otherwise."""
        return any(getattr(d, "waits", True) for d in self._detectors)

    def joined_by(self, detector: Detector) -> "Deidentifier":
        """The same, with one more detector."""
        own = self._detectors[: len(self._detectors) - len(detectors_of(self._site))]
        return Deidentifier((*own, detector), site=self._site, remember=self._remember)

    def find(self, text: str, known: Sequence[KnownIdentifier] = ()) -> tuple[Span, ...]:
        """Spans of identifiers in `text`, sorted, without overlap.

        Raises GuardUnavailable when a detector fails and PluginError when it answers with something
        that is no span of the text; neither repeats any of the text.
        """
        return self.find_all((text,), known)[0]

    def find_many(
        self, texts: Sequence[str], known: Sequence[Sequence[KnownIdentifier]] | None = None
    ) -> tuple[tuple[Span, ...], ...]:
        """As `find`, for texts that have nothing to do with each other; `known` holds the identifiers per text.

        Faster than one by one: detectors that can take many texts at once do so.
        """
        return self._apart(texts, self._detect(texts), known)

    def weigh_many(
        self, texts: Sequence[str], known: Sequence[Sequence[KnownIdentifier]] | None = None
    ) -> tuple[Weighed, ...]:
        """As `find_many`, with what was uncertain and what the site's protocol let through."""
        found = self._detect(texts)
        taken = self._apart(texts, found, known)
        return tuple(
            weighed(text, evidence, spans, partial(self._site.lets_through, text))
            for text, evidence, spans in zip(texts, found, taken, strict=True)
        )

    def _apart(
        self,
        texts: Sequence[str],
        found: Sequence[Sequence[Span]],
        known: Sequence[Sequence[KnownIdentifier]] | None,
    ) -> tuple[tuple[Span, ...], ...]:
        """What is taken of texts that have nothing to do with each other."""
        given: Sequence[Sequence[KnownIdentifier]] = known if known is not None else [()] * len(texts)
        first = [self._settled(t, f, _Known.of(k)) for t, f, k in zip(texts, found, given, strict=True)]
        return tuple(self._spread((text,), (spans,))[0] for text, spans in zip(texts, first, strict=True))

    def find_all(
        self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()
    ) -> tuple[tuple[Span, ...], ...]:
        """As `find`, over texts that belong together: what is found in one is looked for in all."""
        return self.detect(texts, known).spans

    def detect(
        self, texts: Sequence[str], known: Sequence[KnownIdentifier] = (), *, realm: str = ""
    ) -> Found:
        """As `find_all`, with what `detect_more` needs to take in further texts.

        What detectors said of a text may be remembered, for others of the same `realm`.
        """
        nothing = Found(texts=(), known=tuple(known), alone=(), spans=(), realm=realm)
        return self._together(nothing, tuple(texts))

    def detect_more(self, found: Found, texts: Sequence[str]) -> Found:
        """What is found in those of `found` and, behind them, in `texts`: as `detect` of all at once gives it.

        Detectors look at `texts` alone; what was found in any of all is looked for in all.
        """
        return self._together(found, tuple(texts))

    def _together(self, found: Found, new: tuple[str, ...]) -> Found:
        texts = (*found.texts, *new)
        alone = (*found.alone, *self._alone(new, found.known, found.realm)) if new else found.alone
        return replace(found, texts=texts, alone=alone, spans=self._spread(texts, alone))

    def _alone(self, texts: Sequence[str], known: Sequence[KnownIdentifier], realm: str) -> Spans:
        """What each text gives by itself; of what hangs on nothing but the text, what is remembered."""
        memory, finders = self._memory, _Known.of(known)
        if memory is not None and finders is None and self._steady == len(self._detectors):
            return tuple(map(tuple, memory.of(texts, f"settled {realm}", self._looked_at)))
        found = self._detect(texts) if memory is None else self._recalled(memory, texts, realm)
        return tuple(self._settled(t, f, finders) for t, f in zip(texts, found, strict=True))

    def _looked_at(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        return [self._settled(t, f, None) for t, f in zip(texts, self._detect(texts), strict=True)]

    def _recalled(self, memory: Remembered, texts: Sequence[str], realm: str) -> list[list[Span]]:
        """As `_detect`; detectors whose answers do not last are asked about all texts."""
        first = partial(self._detect, places=slice(self._steady))
        found = memory.of(texts, f"said {realm}", first)
        rest = self._detect(texts, places=slice(self._steady, None))
        return [[*said, *more] for said, more in zip(found, rest, strict=True)]

    def find_terms(
        self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()
    ) -> tuple[tuple[Span, ...], ...]:
        """As `find`, for texts that each are a term of a published code list: `Childbirth`, `Navajo`, `Ebola Zaire`.

        The sequence model is not asked. It judges by what stands around a word, and around a term stands nothing.
        """
        return self._apart(texts, self._detect(texts, terms=True), [known] * len(texts))

    def replace(
        self,
        text: str,
        *,
        mode: Transform = "redact",
        known: Sequence[KnownIdentifier] = (),
        over_89: bool = False,
    ) -> str:
        """`text` with its identifiers replaced: labels, random surrogates, or the Safe Harbor rendering.

        For several texts that belong together, or to put surrogates back, use `osler.deid.Replacer`.
        """
        replacer = Replacer(self, known=known, transform=mode, over_89=over_89)
        return replacer.apply((text,))[0]

    def _settled(self, text: str, found: Sequence[Span], finders: "_Known | None") -> tuple[Span, ...]:
        known: list[Span] = []
        if finders is not None:
            days = [s for s in found if s.label is Label.DATE]
            known = [s for s in finders.exact.find(text) if not _names_a_month(s, days)]
            known += finders.fuzzy.find(text)
        sure = bridged(text, agreed(accepted(found, threshold(found, len(text)))))
        taken = [s for s in sure if not self._site.lets_through(text, s)]
        return settle(text, [*taken, *known])

    def _spread(
        self, texts: Sequence[str], first: Sequence[tuple[Span, ...]]
    ) -> tuple[tuple[Span, ...], ...]:
        """What was found in one text, found in all, and the same value under the same label."""
        if not any(first):
            return tuple(first)
        first = consistent(texts, first)
        wanted: dict[str, float] = {}
        for text, spans in zip(texts, first, strict=True):
            for word, score in propagate.name_words(text, spans).items():
                wanted[word] = max(wanted.get(word, 0.0), score)
        elsewhere = KnownFinder(propagate.carried(texts, first)) if len(texts) > 1 else None
        out = []
        for text, spans in zip(texts, first, strict=True):
            literal = elsewhere.find(text) if elsewhere else propagate.literally(text, spans)
            again = (s for s in propagate.again(text, spans, wanted) if not self._site.lets_through(text, s))
            more = [*again, *propagate.beyond(spans, literal)]
            out.append(settle(text, [*spans, *more]) if more else spans)
        return tuple(out)

    def _detect(
        self, texts: Sequence[str], *, terms: bool = False, places: slice = slice(None)
    ) -> list[list[Span]]:
        """What the detectors at `places` say of each text."""
        found: list[list[Span]] = [[] for _ in texts]
        for detector, batched in zip(self._detectors[places], self._batched[places], strict=True):
            if terms and detector.name in NETWORKS:
                continue
            try:
                answers = _answers(detector, batched, texts)
            except GuardUnavailable:
                raise  # it says itself what is to be done
            except Exception as error:
                # the cause is dropped on purpose: its message may hold some of the text
                raise GuardUnavailable(
                    f"The detector '{detector.name}' failed ({type(error).__name__}).",
                    remedy="Nothing was let through. Remove or repair the detector, then try again.",
                ) from None
            if len(answers) != len(texts):
                raise PluginError(
                    f"The detector '{detector.name}' answered for another number of texts.",
                    remedy="find_many gives one answer per text, in their order; repair or remove the detector.",
                )
            for row, spans, text in zip(found, answers, texts, strict=True):
                row += _checked(detector.name, spans, len(text))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What finds the identifiers of a record, looked up once for all texts: there are hundreds of them to hash."""

    exact: KnownFinder
    fuzzy: FuzzyNames

    @classmethod
    def of(cls, known: Sequence[KnownIdentifier]) -> "_Known | None":
        """None where there are none."""
        if not known:
            return None
        identifiers = tuple(known)
        return cls(exact=KnownFinder(identifiers, of_record=True), fuzzy=fuzzy_names(identifiers))


def _is_lasting(detector: Detector) -> bool:
    """Whether it says that of a text it always says the same."""
    return getattr(detector, "lasting", False) is True


def _answers(detector: Detector, batched: BatchDetector | None, texts: Sequence[str]) -> list[list[object]]:
    if batched is not None:
        return [list(spans) for spans in batched.find_many(texts)]
    return [list(detector.find(text)) for text in texts]


def _names_a_month(span: Span, days: Sequence[Span]) -> bool:
    """Whether a known name is but the month in a longer date, which will be replaced as a whole."""
    return span.label is Label.NAME and any(
        d.start <= span.start and span.end <= d.end and d.end - d.start > span.end - span.start for d in days
    )


def _checked(name: str, spans: Iterable[object], length: int) -> list[Span]:
    good: list[Span] = []
    for span in spans:
        if not isinstance(span, Span) or not _fits(span, length):
            raise PluginError(
                f"The detector '{name}' answered with something that is no span of the text.",
                remedy="A detector yields osler.core.spans.Span with offsets inside of the text; repair or remove it.",
            )
        good.append(span)
    return good


def _fits(span: Span, length: int) -> bool:
    """Whether the engine can weigh it: whole offsets inside of the text, a label, a score that is a share."""
    if type(span.start) is not int or type(span.end) is not int or not 0 <= span.start < span.end <= length:
        return False
    scored = isinstance(span.score, int | float) and 0.0 <= span.score <= 1.0  # not so for "not a number"
    return scored and isinstance(span.label, Label) and isinstance(span.detector, str)
