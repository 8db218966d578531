"""Contract tests for authors of plug-ins: does this object keep the promises of its port?

    from osler.testing import check_detector
    def test_my_detector():
        check_detector(MyDetector())

Each function returns None or raises AssertionError with a sentence that says which promise is
broken; what the plug-in itself raises goes through. They test form and behaviour (bounds, types,
determinism, errors, cancellation), never quality: whether a detector finds enough is for your own
tables of cases. A promise that cannot be seen from outside, such as keeping no text, is not tested.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from osler.core.citations import Evidence
from osler.core.errors import InputError
from osler.core.findings import Finding, Severity
from osler.core.messages import ChatRequest, Delta, Message, ToolDelta
from osler.core.ports.check import Check, Statement
from osler.core.ports.completer import Completer, ModelCall
from osler.core.ports.detector import Detector
from osler.core.ports.estimator import COMPLEXITIES, Estimator
from osler.core.ports.index import RECORDS
from osler.core.ports.reader import Reader, Reading, Source
from osler.core.ports.records import Code, RecordItem
from osler.core.readings import reading_fault
from osler.core.spans import Span

CANARY = "Quillon-Zythar 7719"
"""A made-up identifier that is put into bad input; no error message may repeat it."""

TEXTS = (
    "",
    " ",
    "\n\n\t",
    "Mrs. Ana Jones, MRN 00482913, seen on 3/14/2024; call 555-0137.",
    "JONES,ANA\r\nDOB:1931-02-28\r\nana.jones@example.org http://example.org/p?id=4 10.0.0.7",
    "naïve Zoë Müller 日本語 \U0001f9d1\u200d\u2695\ufe0f e\u0301 \u202eabc",
    "\x00\x01\x7f \ufeff \ud7ff",
    "0" * 400,
    "A. " * 400,
    "(((((" * 60 + "[[[[[" * 60,
    "Dr. Patel saw John Smith, 93 years old, of 12 High Street, Springfield, IL 62701.\n" * 12,
)
"""Texts that a detector meets in the field, at its worst."""

SLOWEST_ESTIMATE_S = 0.001
"""Seconds of CPU that an estimator may take for a conversation of about 8 KB, both questions together."""
PARTS = ("question", "sentence", "answer")
WRONG_TURNS = (b"", b"\x00\xff\xfe\x80" * 64, b'{"name": "' + CANARY.encode(), CANARY.encode() + b"\xff\n")
"""Bytes that are no file of any format: empty, binary, truncated, not UTF-8."""


class ContractBroken(AssertionError):
    """A promise of a port that a plug-in does not keep. `promise` says which, in words of this file alone."""

    def __init__(self, promise: str) -> None:
        super().__init__(f"contract broken: {promise}")
        self.promise = promise


def check_detector(detector: Detector) -> None:
    """Hold `detector` to osler.core.ports.detector: spans within the text, the same each time, from
    several threads too, and no exception for any text."""
    _promise(isinstance(detector, Detector), "a detector has a `name` and a method `find(text)`")
    _named(detector.name, "detector")
    alone = [_spans(detector, text) for text in TEXTS]
    again = [_spans(detector, text) for text in TEXTS]
    _promise(alone == again, "find() must give the same spans for the same text each time")
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: _spans(detector, text), TEXTS * 4))
    _promise(together == alone * 4, "find() must give the same spans when several threads call it")


def check_reader(reader: Reader, source: Source) -> None:
    """Hold `reader` to osler.core.ports.reader, given a `source` that it is for: whole, consistent
    documents, the same each time, and clean errors for bytes that it cannot read."""
    _promise(isinstance(reader, Reader), "a reader has a `name` and methods `accepts` and `read`")
    _named(reader.name, "reader")
    _promise(reader.accepts(source) is True, "accepts() must be True for the source given to the check")
    reading = reader.read(source)
    fault = reading_fault(reading, source.known_patients)
    _promise(not fault, fault)
    _promise(reader.read(source) == reading, "read() must give the same Reading for the same bytes")
    for data in (*WRONG_TURNS, source.data[: len(source.data) // 2]):
        _check_refusal(reader, Source(name=source.name, data=data, collection=source.collection))


async def check_completer(completer: Completer, *, model_id: str | None = None) -> None:
    """Hold `completer` to osler.core.ports.completer, by real calls: plain, streamed, several at
    once, broken off, and closed at the end. `model_id` is the model to call; by default the first
    that `probe()` names.

    A completer that makes network calls needs a server: `osler.testing.ModelServer` is one.
    """
    _promise(isinstance(completer, Completer), "a completer has methods complete, probe and aclose")
    ids = await completer.probe()
    good = isinstance(ids, tuple) and bool(ids) and all(isinstance(i, str) and i for i in ids)
    _promise(good, "probe() must return a tuple of the ids of the models served")
    call = _call(model_id or ids[0], "Name three causes of hyperkalaemia, please.")
    plain = await _collect(completer, call, stream=False)
    _promise(len(plain) == 1, "complete(stream=False) must give the answer in one piece")
    streamed = await _collect(completer, call, stream=True)
    _promise(bool("".join(d.text for d in streamed)), "complete(stream=True) must give an answer")
    calls = [_call(call.model_id, f"Question {n}: what is a normal potassium?") for n in range(4)]
    together = await asyncio.gather(
        *(_collect(completer, c, stream=bool(n % 2)) for n, c in enumerate(calls))
    )
    _promise(all(together), "complete() must serve several calls at once")
    async with aclosing(_closable(completer, call)) as broken_off:
        await anext(broken_off)
    after = await _collect(completer, call, stream=False)
    _promise(len(after) == 1, "complete() must go on working after a stream was broken off")
    await completer.aclose()
    await completer.aclose()


def check_check(check: Check) -> None:
    """Hold `check` to osler.core.ports.check: findings that name a kind, a reason, a source and a
    place within the text, the same each time, and no exception for any statement."""
    _promise(isinstance(check, Check), "a check has a `name`, `parts` and a method `check(statement)`")
    _named(check.name, "check")
    parts = check.parts
    good = isinstance(parts, tuple) and bool(parts) and set(parts) <= set(PARTS)
    _promise(good, f"`parts` must be a tuple of some of {', '.join(PARTS)}")
    for statement in _statements(parts):
        found = tuple(check.check(statement))
        _promise(found == tuple(check.check(statement)), "check() must find the same each time")
        for finding in found:
            _check_finding(finding, statement)


def check_estimator(estimator: Estimator) -> None:
    """Hold `estimator` to osler.core.ports.estimator: a name or None, one of three complexities, the same each
    time and from several threads, no exception for any request, and a millisecond for a long one."""
    _promise(
        isinstance(estimator, Estimator), "an estimator has a `name` and methods `task` and `complexity`"
    )
    _named(estimator.name, "estimator")
    alone = [_estimated(estimator, request) for request in _requests()]
    _promise(alone == [_estimated(estimator, r) for r in _requests()], "it must estimate the same each time")
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda request: _estimated(estimator, request), _requests()))
    _promise(together == alone, "it must estimate the same when several threads ask")
    long = ChatRequest(messages=(Message(role="user", content=TEXTS[-1] * 9),))
    spent = min(_seconds(estimator, long) for _ in range(20))
    _promise(spent < SLOWEST_ESTIMATE_S, "it must take less than a millisecond for a conversation of 8 KB")


def _estimated(estimator: Estimator, request: ChatRequest) -> tuple[str | None, str]:
    task, complexity = estimator.task(request), estimator.complexity(request)
    good = task is None or (isinstance(task, str) and 0 < len(task) <= 64)
    _promise(good, "task() must return the name of a task, or None")
    _promise(complexity in COMPLEXITIES, f"complexity() must return one of {', '.join(COMPLEXITIES)}")
    return task, complexity


def _requests() -> Iterator[ChatRequest]:
    for text in TEXTS:
        user = Message(role="user", content=text)
        yield ChatRequest(messages=(user,))
        yield ChatRequest(messages=(Message(role="system", content=text), user, user), task="soap-note")
    yield ChatRequest(messages=())
    parts = [{"type": "image_url", "image_url": {"url": "data:,"}}, 7, None, {"type": 3}]
    odd = Message(role="user", content="", wire={"role": "user", "content": parts})
    yield ChatRequest(messages=(odd,), params={"tools": [{}], "response_format": None})


def _seconds(estimator: Estimator, request: ChatRequest) -> float:
    begun = time.thread_time()
    estimator.task(request)
    estimator.complexity(request)
    return time.thread_time() - begun


def _promise(kept: bool, promise: str) -> None:
    if not kept:
        raise ContractBroken(promise)


def _named(name: object, what: str) -> None:
    good = isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_-]*", name) is not None
    _promise(good, f"a {what}'s `name` is one lower-case word")


def _spans(detector: Detector, text: str) -> list[Span]:
    spans = list(detector.find(text))
    for span in spans:
        _promise(isinstance(span, Span), "find() must give osler.core.spans.Span values")
        _promise(span.end <= len(text), "a span must end within the text")
        _promise(0.0 <= span.score <= 1.0, "a span's score is between 0 and 1")
    return sorted(spans, key=lambda s: (s.start, s.end, s.label, s.detector, s.score))


def _check_refusal(reader: Reader, source: Source) -> None:
    """A reader takes bad bytes as a whole or refuses them; it never fails in another way."""
    try:
        if reader.accepts(source):
            _promise(isinstance(reader.read(source), Reading), "read() must return a Reading")
    except InputError as error:
        _promise(CANARY not in str(error), "an error's message must not repeat the file's content")
        _promise(bool(error.message), "an error must say what is wrong and where")
    except Exception as error:
        raise ContractBroken(
            f"bad bytes call for InputError or one below it, not {type(error).__name__}"
        ) from error


def _call(model_id: str, question: str) -> ModelCall:
    return ModelCall(
        model_id=model_id,
        messages=(
            Message(role="system", content="Answer briefly."),
            Message(role="user", content=question),
        ),
    )


def _closable(completer: Completer, call: ModelCall) -> AsyncGenerator[Delta, None]:
    stream = completer.complete(call, stream=True)
    if not isinstance(stream, AsyncGenerator):
        raise ContractBroken("complete() must return an iterator with `aclose` (a generator)")
    return stream


async def _collect(completer: Completer, call: ModelCall, *, stream: bool) -> Sequence[Delta]:
    pieces = [piece async for piece in completer.complete(call, stream=stream)]
    _promise(bool(pieces), "complete() must give at least one piece")
    _promise(all(isinstance(p, Delta) for p in pieces), "complete() must give Delta values")
    _promise({p.index for p in pieces} == {0}, "the one choice that was asked for has the index 0")
    finishes = [p.finish for p in pieces]
    good = bool(finishes[-1]) and not any(finishes[:-1])
    _promise(good, "the last piece of a choice, and only the last, must carry `finish`")
    _promise(not any(p.usage for p in pieces[:-1]), "only the last piece of all may carry `usage`")
    calls = [tool for p in pieces for tool in p.tools]
    _promise(all(isinstance(tool, ToolDelta) for tool in calls), "`tools` are ToolDelta values")
    known = {tool.index for tool in calls}
    _promise(known == set(range(len(known))), "tool calls are numbered from 0 without gaps")
    return pieces


def _statements(parts: Sequence[str]) -> Iterator[Statement]:
    evidence = tuple(
        Evidence(
            n=n,
            doc=f"Observation/{n}",
            title="Potassium",
            quote="Potassium 5.9 mmol/L.",
            start=0,
            end=21,
            sha256="0" * 64,
            collection=RECORDS,
            patient="p1",
            basis="record" if n == 1 else "recalled",
        )
        for n in (1, 2)
    )
    allergy = RecordItem(
        doc="AllergyIntolerance/a1",
        patient="p1",
        type="AllergyIntolerance",
        display="Penicillin G",
        codes=(Code(system="http://snomed.info/sct", code="91936005", display="Allergy to penicillin"),),
        value="anaphylaxis",
        text="Allergy: penicillin G, anaphylaxis.",
    )
    bare = RecordItem(doc="AllergyIntolerance/a2", patient="p1", type="AllergyIntolerance")
    clinical = (
        "Start amoxicillin 500 mg three times daily [1].",
        "Avoid penicillin; give azithromycin instead [7], [1, 9] and [2-4].",
        "Is ibuprofen safe for her? [1](http://example.org) [NAME] []",
    )
    for text in (*TEXTS, *clinical):
        for part in parts:
            for record in (None, (), (allergy,), (bare, allergy)):
                for given in ((), evidence):
                    yield Statement(
                        part=part, text=text, question="Which antibiotic?", evidence=given, record=record
                    )


def _check_finding(finding: object, statement: Statement) -> None:
    if not isinstance(finding, Finding):
        raise ContractBroken("check() must give osler.core.findings.Finding values")
    _promise(re.fullmatch(r"[a-z][a-z0-9_]*", finding.kind) is not None, "a finding's kind is snake_case")
    _promise(isinstance(finding.severity, Severity), "a finding's severity is a Severity")
    _promise(bool(finding.reason), "a finding must give a reason")
    _promise(bool(finding.source), "a finding must name a source that a reader can open")
    where = "question" if statement.part == "question" else "answer"
    _promise(finding.where == where, "a finding's `where` is 'question' for questions, else 'answer'")
    whole = (finding.start, finding.end) == (-1, -1)
    within = 0 <= finding.start <= finding.end <= len(statement.text)
    _promise(whole or within, "a finding's offsets lie within the text, or are -1 and -1 for the whole")
