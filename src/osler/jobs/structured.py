"""FHIR resources and HL7 v2 messages, each de-identified by itself and yet joined with the others of the run.

Records are worked on in any process and any order. So that an id that stands in two of them becomes the same new id,
and dates of one patient move alike, every draw comes from a generator that is seeded, right before it, with what it is
drawn for and the run's secret (`Keyed`). Surrogates of names and places hold for the patient whom a record is about.
"""

import hashlib
import hmac
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from osler.core.errors import InputError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import dates, fhir, hl7
from osler.deid.accounting import Accounting
from osler.deid.keyed import PatientSurrogates, ReplaceOptions
from osler.deid.session import NOBODY, Person, Session, TextEngine, name_core
from osler.jobs.batch import Seed
from osler.jobs.records import Item
from osler.jobs.roster import Roster

_SUBJECTS = ("subject", "patient", "beneficiary", "individual")
_PID = re.compile(r"(?:\A|[\r\n])PID(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Treated:
    """A record de-identified: what to write, and the account of it."""

    text: str = field(repr=False)
    account: Accounting


def treat(item: Item, session: Session, *, compact: bool) -> Treated:
    """A FHIR resource (`compact`: on one line) or HL7 v2 message with its identifiers replaced. Raises OslerError."""
    if item.resource is not None:
        resource, account = fhir.deidentify(item.resource, session)
        shape: dict[str, Any] = {"separators": (",", ":")} if compact else {"indent": 2}
        text = json.dumps(resource, ensure_ascii=False, **shape)
        return Treated(text=text if compact else text + "\n", account=account)
    if not item.text.strip():
        raise InputError("The message is empty.", remedy="Leave it out.")
    text, account = hl7.deidentify(item.text, session)
    return Treated(text=text, account=account)


class Keyed(Session):
    """A session whose draws depend on what they are for and on a secret, not on what was drawn before."""

    def __init__(
        self,
        engine: TextEngine,
        *,
        seed: Seed,
        options: ReplaceOptions,
        patient: str = "",
        known: Sequence[KnownIdentifier] = (),
    ) -> None:
        """`patient` is whom the record is about: surrogates of names and places hold for that patient."""
        self._seeded = random.Random()  # noqa: S311 - its seed is an HMAC under a secret key
        self._secret, self._options = seed.key, options
        self._person = PatientSurrogates.of(seed.key, f"patient {patient}")
        self._document = self._person.document("", ())
        super().__init__(
            engine,
            today=seed.day,
            mode=options.mode,
            rng=self._seeded,
            known=known,
        )

    def _turn(self, *what: str) -> None:
        named = "\0".join(what).encode("utf-8", "surrogatepass")
        self._seeded.seed(hmac.new(self._secret, named, hashlib.sha256).digest())

    def begin(
        self,
        texts: Iterable[str],
        known: Sequence[KnownIdentifier] = (),
        tokens: Mapping[str, Label] | None = None,
    ) -> None:
        """Opens a document."""
        texts, known = tuple(texts), tuple(known)
        super().begin(texts, known, tokens)
        names = [k.value for k in known if k.label is Label.NAME]
        self._document = self._person.document("\n".join(texts), names, [k.value for k in known], names)

    def value(self, label: Label, value: str) -> str:
        """What stands for a value."""
        if self.mode != "surrogate" or label is Label.DATE or not value.strip():
            return super().value(label, value)
        before, core, after = name_core(value) if label is Label.NAME else ("", value, "")
        return before + self._document.of(label, core) + after

    def identifier(self, label: Label, value: str) -> str:
        """What stands for an identifier by which records are joined."""
        self._turn("identifier", label, value)
        return super().identifier(label, value)

    def resource_id(self, value: str) -> str:
        """The new id of a resource."""
        self._turn("id", value)
        return super().resource_id(value)

    def uid(self, value: str) -> str:
        """The new value of an object identifier."""
        self._turn("uid", value)
        return super().uid(value)

    def shifted(self, day: date, person: Person = NOBODY) -> date | None:
        """A day moved by the person's number of days, None outside of the calendar."""
        moved = PatientSurrogates.of(self._secret, f"patient {person.key}")
        try:
            return dates.shift(
                day, moved.shift(self._options.date_shift, whole_weeks=self._options.whole_weeks)
            )
        except OverflowError:
            return None


def patients(item: Item) -> tuple[str, ...]:
    """Keys of the patients that a resource or message is about, as its structure gives them."""
    found = _patients(item.resource) if item.resource is not None else _pid(item.text)
    return tuple(dict.fromkeys(key for key in found if key))


def known(keys: Iterable[str], roster: Roster) -> tuple[KnownIdentifier, ...]:
    """What a roster has of these patients, and for every text."""
    found = dict.fromkeys(roster.known(None))
    for key in keys:
        found |= dict.fromkeys(roster.known(key))
    return tuple(found)


def _patients(resource: dict[str, Any]) -> Iterator[str]:
    """Ids of the patients that a resource, or those in a bundle, are about."""
    if resource.get("resourceType") == "Patient" and isinstance(resource.get("id"), str):
        yield resource["id"]
    for name in _SUBJECTS:
        about = resource.get(name)
        reference = about.get("reference") if isinstance(about, dict) else None
        if isinstance(reference, str):
            yield re.split(r"[/:]", reference)[-1]
    entries = resource.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        inner = entry.get("resource") if isinstance(entry, dict) else None
        # a bundle in a bundle is rare, and its depth is the reader's to judge
        if isinstance(inner, dict) and inner.get("resourceType") != "Bundle":
            yield from _patients(inner)


def _pid(message: str) -> Iterator[str]:
    """The numbers in PID-2 to PID-4 of each message."""
    for match in _PID.finditer(message):
        line = re.split(r"[\r\n]", message[match.end() :], maxsplit=1)[0]
        for part in line.split(match[1])[1:4]:
            yield from (repetition.split("^")[0] for repetition in part.split("~"))
