"""How much was missed, estimated from documents that people read after the engine.

A sample is drawn from the documents of a run (`osler.deid.sample`), uniformly or by strata; readers add what stands in
them and was not found. Two rates follow, each with two 95% intervals:

    documents    share of documents in which at least one identifier was missed
    identifiers  missed identifiers among all, those found (and not marked as wrong) and those missed

Documents weigh as many as they stand for: their stratum's size over the number that was read of it. The variance is
that of a ratio of clusters within strata, by linearisation; the intervals are Clopper and Pearson's and Wilson's at the
effective number of cases that follows from it (Korn and Graubard 1998), at most as many as there are. Where nothing
varies (no miss at all, say) the documents are the cases, lessened by unequal weights (Kish). No correction is made for
a sample that is a large part of the run, which makes the intervals wider, never narrower.

What the estimate cannot show: identifiers that the readers passed over too.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from osler.core.errors import InputError
from osler.core.spans import Label
from osler.deid.exact import clopper_pearson
from osler.deid.intervals import wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A document that was read: how many identifiers were found, how many of those are none, what was missed.

    `found` is None where it is not known, as of a FHIR resource whose elements were replaced.
    """

    id: str = field(repr=False)
    stratum: str = field(repr=False)
    found: int | None
    wrong: int = 0
    missed: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A share: counts as they are in the sample, the value and its 95% intervals for the whole run.

    `effective` is the number of independent cases that would be as sure.
    """

    hits: int
    of: int
    value: float
    exact: tuple[float, float]
    wilson: tuple[float, float]
    effective: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumResult:
    """One stratum: documents of the run, documents read, and those of them with a miss."""

    name: str = field(repr=False)
    documents: int
    reviewed: int
    leaking: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakRate:
    """All estimates. `documents` are those of the run that the sample was drawn from; `ids` those with a miss."""

    documents: int
    reviewed: int
    unreviewed: int
    strata: tuple[StratumResult, ...]
    leaking: Estimate
    identifiers: Estimate | None
    wrong: Estimate | None
    missed: Mapping[Label, int]
    ids: tuple[str, ...] = field(repr=False)

    @property
    def unseen_strata(self) -> int:
        """How many strata nobody read a document of: the estimates do not speak of those."""
        return sum(1 for s in self.strata if s.documents and not s.reviewed)


def estimate(reviewed: Sequence[Reviewed], strata: Mapping[str, int], *, unreviewed: int = 0) -> LeakRate:
    """The estimates. `strata`: how many documents of the run each holds, for each stratum of a document.

    Raises InputError where no document was read, or a stratum has fewer documents than were read of it.
    """
    if not reviewed:
        raise InputError(
            "No document of the sample was reviewed.",
            remedy='Readers set "missed" in each line that they read: [] where nothing was missed.',
        )
    read = Counter(document.stratum for document in reviewed)
    if any(strata.get(name, 0) < count for name, count in read.items()):
        raise InputError(
            "More documents were reviewed than the run has.",
            remedy="Give the sample as `osler deid sample` drew it; each document once.",
        )
    weights = {name: strata[name] / count for name, count in read.items()}
    leaking = Counter(document.stratum for document in reviewed if document.missed)
    counted = [d for d in reviewed if d.found is not None]
    complete = len(counted) == len(reviewed)
    return LeakRate(
        documents=sum(strata.values()),
        reviewed=len(reviewed),
        unreviewed=unreviewed,
        strata=tuple(
            StratumResult(name=name, documents=size, reviewed=read[name], leaking=leaking[name])
            for name, size in sorted(strata.items())
        ),
        leaking=_share([_Case(d.stratum, weights[d.stratum], int(bool(d.missed)), 1) for d in reviewed]),
        identifiers=_identifiers(counted, weights) if complete else None,
        wrong=_wrong(counted, weights) if complete else None,
        missed=Counter(label for d in reviewed for label in d.missed),
        ids=tuple(sorted(d.id for d in reviewed if d.missed)),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    stratum: str
    weight: float
    hits: int
    of: int


def _identifiers(documents: Sequence[Reviewed], weights: Mapping[str, float]) -> Estimate | None:
    cases = [
        _Case(d.stratum, weights[d.stratum], len(d.missed), (d.found or 0) - d.wrong + len(d.missed))
        for d in documents
    ]
    return _share(cases) if any(c.of for c in cases) else None


def _wrong(documents: Sequence[Reviewed], weights: Mapping[str, float]) -> Estimate | None:
    cases = [_Case(d.stratum, weights[d.stratum], d.wrong, d.found or 0) for d in documents]
    return _share(cases) if any(c.of for c in cases) else None


def _share(cases: Sequence[_Case]) -> Estimate:
    """The weighted ratio of all hits to all cases, and its intervals."""
    hits, of = sum(c.hits for c in cases), sum(c.of for c in cases)
    whole = sum(c.weight * c.of for c in cases)
    value = sum(c.weight * c.hits for c in cases) / whole
    effective = _effective(cases, value, whole)
    return Estimate(
        hits=hits,
        of=of,
        value=value,
        exact=clopper_pearson(value * effective, effective),
        wilson=wilson(value, effective),
        effective=effective,
    )


def _effective(cases: Sequence[_Case], value: float, whole: float) -> float:
    """How many independent cases would vary as much."""
    weights = [c.weight for c in cases if c.of]
    alike = max(weights) - min(weights) <= 1e-9 * max(weights)
    if alike and all(c.of == 1 for c in cases):
        return float(len(cases))
    documents = sum(weights) ** 2 / sum(w * w for w in weights)
    variance = _variance(cases, value, whole)
    if variance <= 0:
        return documents
    return max(1.0, min(float(sum(c.of for c in cases)), value * (1 - value) / variance))


def _variance(cases: Sequence[_Case], value: float, whole: float) -> float:
    """Of a ratio, documents being the clusters, within strata; one document alone in its stratum counts in full."""
    strata: dict[str, list[float]] = defaultdict(list)
    for c in cases:
        strata[c.stratum].append(c.weight * (c.hits - value * c.of) / whole)
    total = 0.0
    for parts in strata.values():
        count = len(parts)
        mean = sum(parts) / count if count > 1 else 0.0
        total += sum((z - mean) ** 2 for z in parts) * (count / (count - 1) if count > 1 else 1.0)
    return total
