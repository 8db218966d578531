"""This installation and this machine: versions, second installations, plug-ins that clash, limits, the port."""

import importlib.metadata
import importlib.util
import platform
import resource
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException

from osler import __version__
from osler.app import plugins
from osler.app.config import Config
from osler.cli.work.doctoring.line import Line, fail, ok, warn
from osler.core import registry

FILES = 4096
"""Open files below which many callers at once are in danger: each caller and each model server's connection is one."""

_OPTIONAL = (("openai", "osler demo", "pip install 'osler[demo]'"),)


def installed() -> Iterator[Line]:
    """Osler and the packages that it may need."""
    yield ok("osler", f"{__version__} on Python {platform.python_version()}")
    for package, needed, remedy in _OPTIONAL:
        if importlib.util.find_spec(package):
            yield ok(package, importlib.metadata.version(package))
        else:
            yield warn(package, f"not installed; {needed} needs it", remedy)


def installations() -> Iterator[Line]:
    """Whether the Osler that runs is the only one, and the one whose plug-ins are found."""
    found = {
        str(d.locate_file("")): d.version
        for d in importlib.metadata.distributions()
        if d.name.lower() == "osler"
    }
    if len(found) > 1:
        places = ", ".join(f"{version} in {place}" for place, version in sorted(found.items()))
        yield warn(
            "installation",
            f"this Python finds osler more than once: {places}",
            "Uninstall all and install one again: pip uninstall osler, until it finds none.",
        )
    elif not found:
        yield fail(
            "installation",
            "osler is run from a folder, it is not installed: no plug-in is found",
            "pip install osler",
        )
    elif __version__ not in found.values():
        yield warn(
            "installation",
            f"the package says {next(iter(found.values()))}, the code {__version__}",
            "Install it again: pip install --force-reinstall osler",
        )


def claims(config: Config | None) -> Iterator[Line]:
    """Plug-ins of one name from two packages: which one would serve is left to chance."""
    used = plugins.in_use(config) if config is not None else {}
    for group in registry.GROUPS:
        providers: dict[str, set[str]] = {}
        for claim in registry.installed(group):
            providers.setdefault(claim.name, set()).add(f"{claim.package or 'unknown'} ({claim.target})")
        for name, packages in providers.items():
            if len(packages) > 1:
                say = fail if name in used.get(group, ()) else warn
                yield say(
                    f"plug-in {name}",
                    f"{len(packages)} packages provide {group} '{name}': {', '.join(sorted(packages))}",
                    "Uninstall all but one of them; `osler plugins list` shows who provides what.",
                )


def most_files() -> int:
    """How many files this user may open; `osler serve` takes as many as it may."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def files(most: int) -> Line:
    """Whether `most` open files are enough."""
    if most != resource.RLIM_INFINITY and most < FILES:
        return warn(
            "open files",
            f"at most {most} at once: further callers are turned away",
            f"Raise the limit to {FILES} or more: LimitNOFILE= of the systemd unit, or `ulimit -Hn`.",
        )
    return ok("open files", "unlimited" if most == resource.RLIM_INFINITY else f"up to {most}")


def port(config: Config) -> Line:
    """Whether `osler serve` could bind its address, or serves there already."""
    host, number = config.server.host, config.server.port
    try:
        found = socket.getaddrinfo(host or None, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, address = found[0][0], found[0][4]
    except (OSError, UnicodeError):
        return fail(
            "port",
            f"server.host '{host}' is no address of this machine",
            "Give 127.0.0.1 or another address.",
        )
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if _serves(host, number):
                return ok("port", f"an Osler serves on {host}:{number}")
            return warn(
                "port",
                f"{host}:{number} cannot be bound ({error.strerror})",
                "Stop what uses it, or choose another: server.port, or `osler serve --port`.",
            )
    return ok("port", f"{host}:{number} is free")


def _serves(host: str, number: int) -> bool:
    """Whether what listens there answers as Osler does."""
    connection = HTTPConnection(host, number, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().read(16) == b"ok\n"
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
