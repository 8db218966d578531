"""Plug-ins that a configuration names, made with their options and secrets: detectors, checks, readers, backends."""

import base64
import binascii
from collections.abc import Sequence

from osler.app import plugins, secrets
from osler.app.config import Config
from osler.app.tasks import build_estimators, named_checks
from osler.app.tracing import tracing
from osler.core.errors import ConfigError
from osler.core.ports.completer import Completer
from osler.core.ports.detector import Detector
from osler.core.ports.reader import Reader
from osler.deid import Deidentifier
from osler.deid.config import ENGINES
from osler.deid.site import SiteProtocol
from osler.guardrails import Guard
from osler.knowledge.ingest import starter_sources


def build_deidentifier(config: Config) -> Deidentifier:
    """The detectors that the configuration names, built-in ones first."""
    extra, options = config.deid.extra_detectors, config.deid.options
    names = tuple(dict.fromkeys((*ENGINES[config.deid.engine], *extra)))
    _all_named(config.place("deid", "options"), options, "deid.extra_detectors", names)
    named, built_in = config.place("deid", "extra_detectors"), config.place("deid")
    places = {name: named if name in extra else built_in for name in names}
    # What the site adds is made first: a slip in the file shows before the models are read.
    made: dict[str, Detector] = {
        name: plugins.made("detectors", name, options.get(name), place=places[name])
        for name in dict.fromkeys((*extra, *names))
    }
    return Deidentifier(
        [made[name] for name in names],
        site=SiteProtocol.of(config.deid, config.place("deid")),
        remember=config.deid.remember,
    )


def build_looking(config: Config) -> Deidentifier:
    """The same, for work that is de-identification itself. Raises ConfigError where nobody would look."""
    if config.deid.engine == "off":
        raise ConfigError(
            f"{config.place('deid', 'engine')} is 'off': nothing would be found.",
            remedy="Set it to 'full' or 'fast', or name another file with --config.",
        )
    return build_deidentifier(config)


def build_guard(config: Config) -> Guard:
    """The checks that the configuration names."""
    names, options = config.guardrails.checks, config.guardrails.options
    in_use = plugins.in_use(config)["checks"]
    _all_named(config.place("guardrails", "options"), options, "guardrails.checks", in_use)
    place = config.place("guardrails", "checks")
    return Guard([plugins.made("checks", name, options.get(name), place=place) for name in names])


def build_readers(config: Config) -> list[Reader]:
    """The readers that the configuration names, in its order."""
    place = config.place("knowledge", "readers")
    return [plugins.made("readers", name, place=place) for name in config.knowledge.readers]


def require_starter_reader(config: Config, readers: Sequence[Reader]) -> None:
    """Raise ConfigError where no reader takes the starter pack."""
    if not all(any(reader.accepts(source) for reader in readers) for source in starter_sources()):
        raise ConfigError(
            f"{config.place('knowledge', 'readers')} names no reader for the starter pack.",
            remedy="Name 'guideline' there, or set knowledge.starter = false.",
        )


def build_completer(config: Config, name: str) -> Completer:
    """The backend of one destination, with its secret. Raises ConfigError; calls nobody."""
    table = config.destinations[name]
    options: dict[str, object] = dict(table.options)
    for key, beside in (
        ("url", "url"), ("token", "auth"), ("tls", "tls"), ("proxy", "proxy"), ("proxy_auth", "proxy_auth")
    ):  # fmt: skip
        if key in options:
            raise ConfigError(
                f"{config.place('destinations', name, 'options')} must not hold '{key}'.",
                remedy=f"Give it as `{beside}` of the destination.",
            )
    if table.url is not None:
        options |= {"url": table.url, "timeout_s": table.timeout_s}
    if table.auth is not None:
        place = config.place("destinations", name, "auth")
        options["token"] = secrets.resolve(env=table.auth.env, file=table.auth.file, place=place)
    if table.tls is not None:
        options["tls"] = table.tls.model_dump(exclude_none=True)
    if table.proxy is not None:
        options["proxy"] = table.proxy
    if table.proxy_auth is not None:
        place = config.place("destinations", name, "proxy_auth")
        options["proxy_auth"] = secrets.resolve(
            env=table.proxy_auth.env, file=table.proxy_auth.file, place=place
        )
    place = config.place("destinations", name)
    made: Completer = plugins.made("backends", table.use, options, place=place)
    return made


def check_parts(config: Config) -> None:
    """Make every plug-in that the configuration names, with its options and secrets, and let it go again.

    Raises ConfigError for the first that cannot be made. Opens no workspace and calls nobody.
    """
    for name in config.destinations:
        build_completer(config, name)
    build_guard(config)
    build_estimators(config)
    tracing(config)
    for task, table in config.tasks.items():
        named_checks(config, task, table.checks or ())
    readers = build_readers(config)
    if config.knowledge.starter:
        require_starter_reader(config, readers)
    for name in ("vault_key", "vault_key_previous"):
        configured_vault_key(config, name)


def configured_vault_key(config: Config, name: str) -> bytes | None:
    """The vault's key that the configuration names; None where it names none."""
    reference = getattr(config.stores, name)
    if reference is None:
        return None
    place = config.place("stores", name)
    text = secrets.resolve(env=reference.env, file=reference.file, place=place)
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ConfigError(
            f"{place} is not 32 bytes in base64.",
            remedy="Make one: python -c 'import base64,os;print(base64.b64encode(os.urandom(32)).decode())'",
        )
    return key


def _all_named(table: str, options: dict[str, dict[str, object]], key: str, names: Sequence[str]) -> None:
    """Refuse options of a plug-in that is not in use: the name is most likely misspelt."""
    for name in options:
        if name not in names:
            raise ConfigError(
                f"{table} has options for '{name}', which {key} does not name.",
                remedy=f"Name it there, or correct it. In use: {', '.join(names) or 'none'}.",
            )
