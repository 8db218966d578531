"""API keys."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from osler.core.errors import InputError
from osler.core.messages import Caller
from osler.core.ports.access import KeyTerms, may, parsed_scopes
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


def test_what_a_key_is_held_to_goes_with_its_caller(access: SqlAccess) -> None:
    terms = KeyTerms(
        tenant="north",
        scopes=("chat", "models"),
        models=("m", "ward/m"),
        destinations=("ward",),
        expires=date(2026, 1, 2),
        per_minute=7,
    )
    key, secret = access.create("n", "service", terms)
    assert access.list() == (key,)
    assert key.terms == terms
    assert access.authenticate(secret) == Caller(
        key=key.id,
        role="service",
        tenant="north",
        scopes=frozenset({"chat", "models"}),
        models=frozenset({"m", "ward/m"}),
        destinations=frozenset({"ward"}),
        per_minute=7,
    )


def test_a_key_holds_to_the_last_second_of_its_last_day(access: SqlAccess, clock: SteppingClock) -> None:
    _, secret = access.create("n", "service", KeyTerms(expires=date(2026, 1, 2)))
    clock.step(20 * 3600 + 55 * 60 + 54)  # 23:59:59
    assert access.authenticate(secret) is not None
    clock.step(1)
    assert access.authenticate(secret) is None


@pytest.mark.parametrize(
    "terms",
    [
        KeyTerms(tenant="no tenant"),
        KeyTerms(tenant=""),
        KeyTerms(tenant="a/b"),
        KeyTerms(scopes=("chat", "chat")),
        KeyTerms(scopes=("admin:read",)),
        KeyTerms(scopes=("all",)),
        KeyTerms(models=("a,b",)),
        KeyTerms(destinations=("",)),
        KeyTerms(expires=date(2026, 1, 1)),
        KeyTerms(per_minute=0),
        KeyTerms(models=tuple(f"m{n}" for n in range(200))),
    ],
)
def test_terms_that_cannot_be_are_refused_and_no_key_is_made(access: SqlAccess, terms: KeyTerms) -> None:
    with pytest.raises(InputError):
        access.create("n", "service", terms)
    assert access.list() == ()


def test_a_rotated_key_has_the_same_terms_and_the_old_one_ends(access: SqlAccess) -> None:
    terms = KeyTerms(tenant="north", scopes=("chat",), per_minute=3)
    old, secret = access.create("ward 3", "service", terms)
    kept, second = access.rotate(old.id, keep=True)
    assert (kept.name, kept.role, kept.terms) == ("ward 3", "service", terms)
    assert access.authenticate(secret) is not None
    made, third = access.rotate(old.id)
    assert len({old.id, kept.id, made.id}) == len({secret, second, third}) == 3
    assert access.authenticate(secret) is None
    assert access.authenticate(third) is not None
    with pytest.raises(InputError, match="revoked or has expired"):
        access.rotate(old.id)
    with pytest.raises(InputError, match="no API key"):
        access.rotate("0" * 12)
    assert len(access.list()) == 3


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        (["chat,embeddings", "admin"], KeyTerms(scopes=("chat", "embeddings", "admin:read", "admin:write"))),
        (["models:a, models:b/c", "models"], KeyTerms(scopes=("models",), models=("a", "b/c"))),
        (["destinations:ward", "destinations:ward"], KeyTerms(destinations=("ward",))),
        ([], KeyTerms()),
    ],
)
def test_scopes_are_read_from_words(words: list[str], terms: KeyTerms) -> None:
    assert parsed_scopes(words) == terms
    assert parsed_scopes(terms.words()) == terms


@pytest.mark.parametrize("word", ["", "Chat", "admin:all", "models:", "tenant:x", "chat;models"])
def test_an_unknown_scope_is_refused(word: str) -> None:
    with pytest.raises(InputError, match="no such scope"):
        parsed_scopes([word])


@pytest.mark.parametrize(
    ("caller", "scope", "allowed"),
    [
        (Caller(), "chat", True),
        (Caller(), "metrics", True),
        (Caller(), "admin:read", False),
        (Caller(role="admin"), "admin:write", True),
        (Caller(role="admin", scopes=frozenset({"admin:read"})), "admin:write", False),
        (Caller(role="admin", scopes=frozenset({"admin:read"})), "chat", False),
        (Caller(scopes=frozenset({"admin:read"})), "admin:read", False),
        (Caller(scopes=frozenset({"embeddings"})), "embeddings", True),
    ],
)
def test_a_scope_narrows_and_never_widens(caller: Caller, scope: str, allowed: bool) -> None:
    assert may(caller, scope) is allowed
