"""The roster of a workspace keeps up with its patients, without holding requests up."""

import threading
from collections.abc import Iterator

import pytest

from osler.app.rosters import FRESH_S, FreshRoster
from osler.core.errors import StoreError
from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.records import PatientIdentity
from osler.core.spans import Label


class Ward:
    """Patients in memory: implements the port Identities."""

    def __init__(self) -> None:
        self.people: list[PatientIdentity] = []
        self.down = False
        self.read = 0

    def admit(self, patient: str, mrn: str) -> None:
        known = (KnownIdentifier(label=Label.MRN, value=mrn),)
        self.people.append(PatientIdentity(patient=patient, identifiers=known))

    def extent(self) -> tuple[int, int]:
        if self.down:
            raise StoreError("down", remedy="wait")
        return len(self.people), sum(len(p.identifiers) for p in self.people)

    def identities(self) -> Iterator[PatientIdentity]:
        self.read += 1
        return iter(tuple(self.people))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_is_read_once_and_again_when_the_patients_change() -> None:
    ward, clock = Ward(), Clock()
    ward.admit("p1", "77120045")
    fresh = FreshRoster(ward, monotonic=clock)
    assert fresh().recognise("MRN 77120045")
    ward.admit("p2", "77120046")
    assert not fresh().recognise("MRN 77120046"), "it is not looked at before its time"
    clock.now += FRESH_S
    fresh()
    fresh.settle()
    assert fresh().recognise("MRN 77120046")
    for _ in range(5):
        clock.now += FRESH_S
        fresh()
    fresh.settle()
    assert ward.read == 2


def test_without_a_store_there_is_no_roster() -> None:
    ward, clock = Ward(), Clock()
    fresh = FreshRoster(ward, monotonic=clock)
    ward.down = True
    with pytest.raises(StoreError):
        fresh()
    ward.down = False
    assert len(fresh()) == 0
    ward.down, clock.now = True, clock.now + FRESH_S
    with pytest.raises(StoreError):
        fresh()


def test_it_is_made_beside_whoever_begins_it() -> None:
    ward, clock, gate = Ward(), Clock(), threading.Event()
    ward.admit("p1", "77120045")
    read = ward.identities

    def waiting() -> Iterator[PatientIdentity]:
        assert gate.wait(5)
        return read()

    ward.identities = waiting  # type: ignore[method-assign]
    fresh = FreshRoster(ward, monotonic=clock)
    fresh.begin()
    assert not fresh.is_ready, "nobody waited for it"
    gate.set()
    assert len(fresh()) == 1, "the first call waits until it is there"
    assert fresh.is_ready
    fresh.begin()
    fresh.settle()
    assert ward.read == 1


def test_what_failed_when_it_was_begun_fails_the_first_call() -> None:
    ward = Ward()
    ward.down = True
    fresh = FreshRoster(ward, monotonic=Clock())
    fresh.begin()
    fresh.settle()
    assert not fresh.is_ready
    with pytest.raises(StoreError):
        fresh()
