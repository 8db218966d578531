"""The engine: every detector over a text, known identifiers literally, names propagated, overlaps resolved."""

from collections.abc import Iterable, Sequence
from typing import Self

from osler.core.errors import GuardUnavailable, PluginError
from osler.core.ports.detector import Detector, KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import propagate
from osler.deid.detectors import BUILT_IN
from osler.deid.evidence import accepted, settle
from osler.deid.fuzzy import fuzzy_names
from osler.deid.known import KnownFinder
from osler.deid.replace import Replacer, Transform
from osler.deid.site import SiteProtocol, detectors_of


class Deidentifier:
    """Finds identifiers in text. Made once, then safe to use from several threads; keeps no text."""

    def __init__(self, detectors: Sequence[Detector], *, site: SiteProtocol | None = None) -> None:
        """`site` says what the site decided beyond its detectors; see `osler.deid.site`."""
        self._site = site or SiteProtocol()
        self._detectors = (*detectors, *detectors_of(self._site))

    @classmethod
    def standard(cls) -> Self:
        """The engine with all built-in detectors."""
        return cls([kind() for kind in BUILT_IN])

    @property
    def detectors(self) -> tuple[str, ...]:
        """Names of the detectors, in order."""
        return tuple(d.name for d in self._detectors)

    def find(self, text: str, known: Sequence[KnownIdentifier] = ()) -> tuple[Span, ...]:
        """Spans of identifiers in `text`, sorted, without overlap.

        Raises GuardUnavailable when a detector fails and PluginError when it answers with something
        that is no span of the text; neither repeats any of the text.
        """
        return self.find_all((text,), known)[0]

    def find_many(
        self, texts: Sequence[str], known: Sequence[Sequence[KnownIdentifier]] | None = None
    ) -> tuple[tuple[Span, ...], ...]:
        """As `find`, for texts that have nothing to do with each other; `known` holds the identifiers per text."""
        given: Sequence[Sequence[KnownIdentifier]] = known if known is not None else [()] * len(texts)
        return tuple(self.find(text, row) for text, row in zip(texts, given, strict=True))

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

    def find_all(
        self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()
    ) -> tuple[tuple[Span, ...], ...]:
        """As `find`, over texts that belong together: what is found in one is looked for in all."""
        first = [self._first(text, tuple(known)) for text in texts]
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

    def _first(self, text: str, identifiers: tuple[KnownIdentifier, ...]) -> tuple[Span, ...]:
        found = self._detect(text)
        known: list[Span] = []
        if identifiers:
            days = [s for s in found if s.label is Label.DATE]
            finder = KnownFinder(identifiers, of_record=True)
            known = [s for s in finder.find(text) if not _names_a_month(s, days)]
            known += fuzzy_names(identifiers).find(text)
        taken = [s for s in accepted(found) if not self._site.lets_through(text, s)]
        return settle(text, [*taken, *known])

    def _detect(self, text: str) -> list[Span]:
        found: list[Span] = []
        for detector in self._detectors:
            try:
                spans = list(detector.find(text))
            except Exception as error:
                # the cause is dropped on purpose: its message may hold some of the text
                raise GuardUnavailable(
                    f"The detector '{detector.name}' failed ({type(error).__name__}).",
                    remedy="Nothing was let through. Remove or repair the detector, then try again.",
                ) from None
            found += _checked(detector.name, spans, len(text))
        return found


def _names_a_month(span: Span, days: Sequence[Span]) -> bool:
    """Whether a known name is but the month in a longer date, which will be replaced as a whole."""
    return span.label is Label.NAME and any(
        d.start <= span.start and span.end <= d.end and d.end - d.start > span.end - span.start for d in days
    )


def _checked(name: str, spans: Iterable[object], length: int) -> list[Span]:
    good: list[Span] = []
    for span in spans:
        if (
            not isinstance(span, Span)
            or not isinstance(span.label, Label)
            or not 0 <= span.start < span.end <= length
        ):
            raise PluginError(
                f"The detector '{name}' answered with something that is no span of the text.",
                remedy="A detector yields osler.core.spans.Span with offsets inside of the text; repair or remove it.",
            )
        good.append(span)
    return good
