"""API keys."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from osler.core.errors import InputError
from osler.core.messages import Caller
from osler.stores import Database, SqlAccess


class SteppingClock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self._moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        self._seconds = 1000.0

    def now(self) -> datetime:
        return self._moment

    def monotonic(self) -> float:
        return self._seconds

    def step(self, seconds: float) -> None:
        self._moment += timedelta(seconds=seconds)
        self._seconds += seconds


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def access(database: Database, clock: SteppingClock) -> SqlAccess:
    return SqlAccess(database, clock=clock)


def test_key_is_shown_once_and_stored_as_digest(access: SqlAccess, stored: Callable[[], bytes]) -> None:
    key, secret = access.create("Ward 3", "clinician")
    assert re.fullmatch(rf"osler_{key.id}_[A-Za-z0-9_-]{{43}}", secret)
    assert (key.name, key.role, key.created, key.revoked) == (
        "Ward 3",
        "clinician",
        "2026-01-02T03:04:05.000Z",
        None,
    )
    assert access.authenticate(secret) == Caller(key=key.id, role="clinician")
    content_stored = stored()
    assert hashlib.sha256(secret.encode()).digest() in content_stored
    assert secret[-43:].encode() not in content_stored


def test_keys_are_listed_oldest_first(access: SqlAccess) -> None:
    made = [access.create(name, "service")[0] for name in ("b", "a", "c", "a")]
    assert access.list() == tuple(made)
    revoked = access.revoke(made[1].id)
    assert access.list() == (made[0], revoked, *made[2:])


@pytest.mark.parametrize("role", ["clinician", "reviewer", "service", "admin"])
def test_roles(access: SqlAccess, role: str) -> None:
    assert access.authenticate(access.create("n", role)[1]).role == role


@pytest.mark.parametrize(
    ("name", "role", "param"),
    [
        ("", "admin", "name"),
        ("   ", "admin", "name"),
        ("n" * 65, "admin", "name"),
        ("a\nb", "admin", "name"),
        ("a\x00", "admin", "name"),
        ("a\u202eb", "admin", "name"),
        ("\ud800", "admin", "name"),
        ("fine", "Admin", "role"),
        ("fine", "", "role"),
        ("fine", "root-of-all", "role"),
    ],
)
def test_unfit_name_or_role(access: SqlAccess, name: str, role: str, param: str) -> None:
    with pytest.raises(InputError) as caught:
        access.create(name, role)
    assert caught.value.param == param
    assert caught.value.remedy
    assert "root-of-all" not in str(caught.value)
    assert access.list() == ()


@pytest.mark.parametrize("name", ["n", "n" * 64, "Zoë’s tablet 📱", "名前"])
def test_fit_names(access: SqlAccess, name: str) -> None:
    assert access.create(name, "admin")[0].name == name


def test_wrong_secrets(access: SqlAccess) -> None:
    key, secret = access.create("n", "admin")
    other = access.create("other", "service")[1]
    flipped = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    mixed = secret[:19] + other[19:]
    for wrong in (
        "",
        "osler_",
        flipped,
        secret + " ",
        secret + "\n",
        secret[:-1],
        secret.upper(),
        mixed,
        f"osler_{key.id}_",
        f"osler_{'0' * 12}_{secret[-43:]}",
        "é" * 62,
        "\ud800",
    ):
        assert access.authenticate(wrong) is None
    assert access.authenticate(secret) is not None


def test_revoked_at_once_here(access: SqlAccess) -> None:
    key, secret = access.create("n", "admin")
    assert access.authenticate(secret) is not None
    revoked = access.revoke(key.id)
    assert revoked.revoked == "2026-01-02T03:04:05.000Z"
    assert access.authenticate(secret) is None


def test_revoked_elsewhere_within_two_seconds(
    access: SqlAccess, open_database: Callable[[], Database], clock: SteppingClock
) -> None:
    key, secret = access.create("n", "admin")
    elsewhere = SqlAccess(open_database(), clock=clock)
    assert elsewhere.authenticate(secret) is not None
    access.revoke(key.id)
    clock.step(2.0)
    assert elsewhere.authenticate(secret) is None
    assert elsewhere.authenticate(secret) is None


def test_made_elsewhere_is_known_at_once(access: SqlAccess, open_database: Callable[[], Database]) -> None:
    elsewhere = SqlAccess(open_database())
    _, secret = access.create("n", "admin")
    assert elsewhere.authenticate(secret) is not None


def test_valid_key_is_remembered_for_a_moment(
    access: SqlAccess, database: Database, clock: SteppingClock
) -> None:
    secret = access.create("n", "admin")[1]
    assert access.authenticate(secret) is not None
    with database.write("index") as connection:
        connection.exec_driver_sql("DELETE FROM api_keys")
    assert access.authenticate(secret) is not None
    clock.step(2.0)
    assert access.authenticate(secret) is None


def test_revoking_twice_keeps_the_first_time(access: SqlAccess, clock: SteppingClock) -> None:
    key, _ = access.create("n", "admin")
    first = access.revoke(key.id)
    clock.step(60)
    assert access.revoke(key.id) == first


@pytest.mark.parametrize("key_id", ["", "000000000000", "' OR 1=1 --", "\ud800"])
def test_revoking_what_is_not_there(access: SqlAccess, key_id: str) -> None:
    access.create("n", "admin")
    with pytest.raises(InputError) as caught:
        access.revoke(key_id)
    assert caught.value.remedy
    assert all(key.revoked is None for key in access.list())
