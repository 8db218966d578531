"""Work of `osler serve`: check everything that can be checked, bind, then hand over to uvicorn."""

import ipaddress
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from osler.app import config as configuration
from osler.app import rule_tests
from osler.app.build import build_deidentifier, build_library, check_parts, load_starter, open_stores
from osler.app.config import Config
from osler.core.clock import SystemClock
from osler.core.errors import ConfigError

APPLICATION = "osler.api.app:create"
PROTOCOL = "osler.api.protocol:LimitedHttp"
LOGGING: dict[str, object] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"safe": {"class": "osler.api.logs.SafeHandler"}},
    "root": {"handlers": ["safe"], "level": "WARNING"},
}
"""How uvicorn's own lines are written; by name, as the edges do not import each other."""


def serve(
    *, host: str | None, port: int | None, workers: int | None, config: Path | None, workspace: Path
) -> None:
    """Serve until stopped. Raises ConfigError before anything is bound when something is wrong."""
    path = configuration.find(config)
    loaded = configuration.load(config)
    host = loaded.server.host if host is None else host
    port = loaded.server.port if port is None else port
    count = workers or loaded.server.workers
    require = require_keys(loaded, host)
    family = _family(host, port)
    keyed = _prepare(loaded, workspace)
    listener = _bind(family, host, port)
    os.environ["OSLER_WORKSPACE"] = str(workspace.absolute())
    os.environ["OSLER_REQUIRE_KEYS"] = "1" if require else "0"
    os.environ["OSLER_WORKER"] = "1" if count > 1 else "0"
    os.environ.pop("OSLER_CONFIG", None)
    if path is not None:
        os.environ["OSLER_CONFIG"] = str(path.absolute())
    settings = uvicorn.Config(
        APPLICATION, factory=True, host=host, workers=count, http=PROTOCOL, ws="none", log_config=LOGGING,
        access_log=False, server_header=False, proxy_headers=False, lifespan="on",
        timeout_graceful_shutdown=loaded.server.drain_s,
    )  # fmt: skip
    _warn(host, require=require, keyed=keyed)
    bound = listener.getsockname()
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    print(f"Osler serves on http://{shown}:{bound[1]}/v1 ({count} process{'es' if count > 1 else ''}, "
          f"keys {'required' if require else 'off'}). Ctrl-C stops it.", flush=True)  # fmt: skip
    _run(settings, listener, count)


def _run(settings: uvicorn.Config, listener: socket.socket, count: int) -> None:
    """Serve until stopped; being stopped is no fault, whichever signal did it and however many workers there are."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        # uvicorn catches the signal, drains, and raises it anew for who was here before.
        signal.signal(stop, _stopped)
    try:
        if count == 1:
            uvicorn.Server(settings).run(sockets=[listener])
            return
        supervisor = Multiprocess(settings, sockets=[listener])
        supervisor.run()
        if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
            raise ConfigError("A worker process could not start.", remedy="The log above says why.")
    finally:
        listener.close()


def _stopped(signum: int, frame: FrameType | None) -> None:
    sys.exit(0)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address. A name other than localhost counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_keys(config: Config, host: str) -> bool:
    """Whether callers need a key on that address. Raises ConfigError where keys must not be off."""
    keys, local = config.server.keys, is_loopback(host)
    if keys == "off" and not local:
        raise ConfigError(
            f"{config.place('server', 'keys')} is off, but {host or 'every address'} can be reached "
            "from other machines.",
            remedy='Set server.keys = "required", or bind to 127.0.0.1.',
        )
    return keys == "required" or not local


def _prepare(config: Config, workspace: Path) -> bool:
    """Find every fault here, once, with one clear error, rather than in each worker; whether there is a key."""
    check_parts(config)
    rule_tests.run(config, build_deidentifier(config), SystemClock().now().date())
    stores = open_stores(config, workspace)
    try:
        load_starter(config, build_library(config, stores))
        return any(k.revoked is None for k in stores.access.list())
    finally:
        stores.close()


def _warn(host: str, *, require: bool, keyed: bool) -> None:
    if require and not keyed:
        print("osler: keys are required, but there is none yet: osler keys create NAME", file=sys.stderr)
    if not is_loopback(host):
        print(
            f"osler: {host} is reachable from other machines and this server speaks plain HTTP: "
            "put a TLS proxy in front of it.",
            file=sys.stderr,
        )


def _family(host: str, port: int) -> socket.AddressFamily:
    """What kind of address it is: a host that is none is found before anything else is done."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except (OSError, UnicodeError):
        raise ConfigError(
            f"'{host}' is no address of this machine." if host else "The address to bind is empty.",
            remedy="Give an address, as 127.0.0.1 or ::1, as server.host or with --host.",
        ) from None


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.set_inheritable(True)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"Cannot bind {host}:{port} ({error.strerror or type(error).__name__}).",
            remedy="Stop what uses the port, or choose another with --port (0 takes a free one).",
        ) from None
    return listener
