"""Step 5: what of a request leaves. Identifiers out, surrogates in, a second look at the bytes, and the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import msgspec

from osler.core.citations import Evidence
from osler.core.errors import PolicyRefused
from osler.core.findings import Finding, Severity
from osler.core.messages import Message
from osler.core.ports.records import PatientIdentity
from osler.core.spans import counts
from osler.deid import Replacer, Sent
from osler.deid.roster import Roster
from osler.gateway.exchange import Exchange, filled
from osler.gateway.flow import AnswerFlow, FlowOptions
from osler.gateway.parts import Parts
from osler.gateway.second_look import SecondLook
from osler.gateway.tokens import fitting, size_of
from osler.knowledge.prompt import grounded_prompt


class Leaving:
    """Step 5. One per process; keeps nothing of a request."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._look = SecondLook(parts)

    def surrogate(self, x: Exchange) -> Exchange:
        """What leaves, and the way back. Raises PolicyRefused where something that must not leave still stands."""
        p, transform, slots = self._parts, x.having(x.target).transform, x.having(x.slots)
        public = [e for e in x.evidence if self._public(e)]
        private = [e for e in x.evidence if not self._public(e)]
        notices = x.having(x.grounding).notices
        roster = self._look.roster()
        x = self._of_one_patient(x, [*slots.texts, *x.hidden, *(e.quote for e in private)], roster)
        replacer = Replacer(
            p.deidentifier,
            known=x.identity.identifiers if x.identity else (),
            transform=transform,
            over_89=_over_89(x.identity, p.clock.now().date()),
            taken=_of_somebody(roster) if roster is not None else None,
        )
        quotes = [*(e.quote for e in private), *(e.title for e in private)]
        texts = [*slots.texts, *x.hidden, *slots.readings, *quotes, *notices]
        changed = replacer.apply(texts, found=x.found, also_seen=[f"{e.title} {e.quote}" for e in public])
        asked, read = len(slots.texts), len(slots.texts) + len(x.hidden)
        at = read + len(slots.readings)
        messages, params = slots.filled(changed[:asked])
        sent = list(changed[:asked])
        if x.request.ground != "off":
            half = at + len(private)
            prompt = grounded_prompt(
                _hidden(x.evidence, private, changed[at:half], changed[half : half + len(private)]),
                changed[half + len(private) :],
            )
            messages = (Message(role="system", content=prompt), *messages)
            sent.append(prompt)
        decision = x.having(x.decision)
        self._look.require_readable(replacer.spans[asked:read], x.targets, decision)
        body = _json([*map(_said, messages), params])
        published = [f"{e.title} {e.quote}" for e in public]
        self._look.require_clean(body, replacer, x.targets, decision, roster=roster, published=published)
        rows = (*replacer.spans[:read], *replacer.spans[at:])
        replaced = counts(s for spans in rows for s in spans) if transform != "none" else {}
        fit = fitting(x.targets, size_of(sent, x.request.params, images=slots.images))
        x = filled(x, replaced=replaced, outbound=messages, params=params, targets=fit, target=fit[0])
        return self.flowing(x, replacer)

    def flowing(self, x: Exchange, replacer: Replacer) -> Exchange:
        """The exchange with the way back that a replacer knows."""
        p = self._parts
        finder = p.deidentifier if p.redacts else None
        # Made once, read when something that looks like an identifier comes back: most answers have none.
        sent = Sent([*_texts(x.outbound), _json(x.params), *(f"{e.title} {e.quote}" for e in x.evidence)])
        options = FlowOptions(
            text=lambda: replacer.answer_stream(finder=finder, sent=sent),
            json=lambda: replacer.json_answer_stream(finder=finder, sent=sent),
            guard=p.guard_of(x.request.task),
            question=x.request.question,
            evidence=x.evidence,
            record=x.record,
            withhold=p.withhold,
            hold=p.hold,
            structured=_is_structured(x.params),
        )
        return filled(x, replacer=replacer, flow=AnswerFlow(options))

    def warned(self, x: Exchange, answer: str) -> tuple[Finding, ...]:
        """What the wrong-patient guard finds in an answer. Raises PolicyRefused where that is to be blocked."""
        if not answer or self._parts.wrong_patient == "off" or not x.having(x.facts).counts_as_phi:
            return ()
        return self._judged(x, [answer], self._look.roster(), "answer")

    def _of_one_patient(self, x: Exchange, texts: Sequence[str], roster: Roster | None) -> Exchange:
        if self._parts.wrong_patient == "off" or (roster is None and not x.having(x.facts).counts_as_phi):
            return x
        return filled(x, warned=self._judged(x, texts, roster, "question"))

    def _judged(
        self, x: Exchange, texts: Sequence[str], roster: Roster | None, where: str
    ) -> tuple[Finding, ...]:
        known = x.identity.identifiers if x.identity else ()
        found = self._parts.others(texts, x.request.patient, roster, known)
        blocks = self._parts.wrong_patient == "block"
        for other in found:
            if blocks and other.certain:
                raise PolicyRefused(
                    f"The wrong-patient guard refuses: {other.reason}",
                    remedy="Ask about one patient at a time, and name whose record is meant.",
                    decision=x.having(x.decision).to_json(),
                )
        return tuple(
            Finding(
                kind="wrong_patient",
                severity=Severity.WARN,
                reason=other.reason,
                source=f"osler:wrong-patient/{other.by}",
                where=where,
            )
            for other in found
        )

    def _public(self, e: Evidence) -> bool:
        return e.patient is None and e.collection in self._parts.public


class _OfSomebody:
    """Whether a surrogate is somebody's real identifier in the workspace."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def __call__(self, value: str) -> bool:
        return bool(self._roster.recognise(value))


def _of_somebody(roster: Roster) -> _OfSomebody:
    return _OfSomebody(roster)


def _hidden(
    evidence: Sequence[Evidence], private: Sequence[Evidence], quotes: Sequence[str], titles: Sequence[str]
) -> tuple[Evidence, ...]:
    """The evidence as it may leave."""
    changed = {e.n: replace(e, quote=q, title=t) for e, q, t in zip(private, quotes, titles, strict=True)}
    return tuple(changed.get(e.n, e) for e in evidence)


def _said(message: Message) -> Mapping[str, object]:
    return message.wire if message.wire is not None else {"content": message.content}


def _texts(messages: Sequence[Message]) -> list[str]:
    return [m.content if m.wire is None else _json(m.wire) for m in messages]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _is_structured(params: Mapping[str, object]) -> bool:
    """Whether the answer's text is to be JSON."""
    wanted = params.get("response_format")
    return isinstance(wanted, Mapping) and wanted.get("type") in ("json_object", "json_schema")


def _over_89(identity: PatientIdentity | None, today: date) -> bool:
    """Whether any date could show an age over 89. An unknown date of birth counts as no."""
    born = identity.birth_date if identity else None
    if born is None:
        return False
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) > 89
