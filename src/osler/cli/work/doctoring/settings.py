"""The configuration: every part that it names, its secrets, its rules, who can reach it, and what ends soon."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from osler.app import rule_tests, tls
from osler.app.agreements import SOON_DAYS, Agreement
from osler.app.agreements import agreements as agreements_of
from osler.app.config import Config
from osler.app.configured import build_completer, build_deidentifier, build_guard, build_readers, check_parts
from osler.app.secrets import exposed_files
from osler.app.serving import require_keys, require_tls
from osler.app.tasks import load_tasks
from osler.cli.work.doctoring.line import Line, attempt, fail, fault, ok, warn
from osler.core.clock import SystemClock
from osler.core.errors import OslerError
from osler.core.models import Place


def parts(config: Config) -> Iterator[Line]:
    """Every part that the configuration names, made and let go again; calls nobody."""
    makers: dict[str, Callable[[], object]] = {
        f"{name}: backend": partial(build_completer, config, name) for name in config.destinations
    }
    makers |= {
        "detectors": partial(build_deidentifier, config),
        "readers": partial(build_readers, config),
        "checks": partial(build_guard, config),
    }
    faults = [line for what, make in makers.items() if (line := _unmade(what, make)) is not None]
    # what is left are faults of several parts together, and the vault's key
    rest = None if faults else _unmade("parts", partial(check_parts, config))
    yield from faults
    if rest is not None:
        yield rest
    elif not faults:
        yield ok("parts", f"{len(makers)} kinds of plug-ins, with their options and secrets")


def _unmade(what: str, make: Callable[[], object]) -> Line | None:
    def line() -> Line:
        make()
        return ok(what, "")

    found = attempt(what, line)
    return None if found.state == "ok" else found


def rules(config: Config) -> Line:
    """The tests that stand beside the rules, and the tasks that they may look at."""
    try:
        deidentifier = build_deidentifier(config)
        load_tasks(config, deidentifier)
        count = rule_tests.run(config, deidentifier, SystemClock().now().date())
    except OslerError as error:
        return fault("rules", error)
    return ok("rules", f"{len(config.rules)} rules, {count} tests pass")


def reach(config: Config) -> Iterator[Line]:
    """Who can reach the gateway, and what stands between."""
    for what, require in (("server: keys", require_keys), ("server: tls", require_tls)):
        try:
            require(config)
        except OslerError as error:
            yield fault(what, error)
    if config.server.tls is not None:
        yield from _certificate(config)
    for sentence in exposed_files(config):
        what, _, remedy = sentence.rpartition(": ")
        yield warn("secret files", what, remedy)


def _certificate(config: Config) -> Iterator[Line]:
    if config.server.tls is None:
        return
    now = SystemClock().now()
    try:
        certificate = tls.read(config.server.tls, config.place("server", "tls"))
    except OslerError as error:
        yield fault("server: certificate", error)
        return
    said = certificate.warnings(now)
    for sentence in said:
        valid = certificate.begins <= now < certificate.ends
        yield (warn if valid else fail)(
            "server: certificate", sentence, "Renew it, then restart `osler serve`."
        )
    if not said:
        yield ok("server: certificate", f"until {certificate.ends:%Y-%m-%d}")


def agreements(config: Config) -> Iterator[Line]:
    """BAAs and determinations, with the day on which each ends."""
    today = SystemClock().now().date()
    for agreement in agreements_of(config):
        what = f"{agreement.destination}: {'BAA' if agreement.kind == 'baa' else 'determination'}"
        yield _until(what, agreement, today)
        if agreement.begins is not None and agreement.begins > today:
            yield warn(
                what,
                f"begins {agreement.begins}: until then PHI is refused there",
                "Check `signed`, and this machine's clock.",
            )
    for name, destination in config.destinations.items():
        cloud = destination.location is not Place.ON_PREMISES
        if cloud and destination.baa is None and destination.accepts is None:
            yield ok(f"{name}: BAA", "none: gets no PHI")


def _until(what: str, agreement: Agreement, today: date) -> Line:
    days, end = agreement.days_left(today), agreement.ends
    if days < 0:
        return fail(what, f"ended {end}", "Renew it; until then PHI is refused there.")
    if days <= SOON_DAYS:
        left = "today is its last day" if days == 0 else f"{days} day{'s' if days > 1 else ''} left"
        return warn(what, f"ends {end} ({left}, UTC)", "Renew it in time.")
    return ok(what, f"until {end}")
