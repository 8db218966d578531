"""Work of `osler serve`: check everything that can be checked, bind, then hand over to uvicorn."""

import os
import resource
import select
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from osler.app import config as configuration
from osler.app import rule_tests, tls
from osler.app.build import Stores, build_library, load_starter, open_stores
from osler.app.config import Config
from osler.app.configured import build_deidentifier, check_parts
from osler.app.secrets import exposed_files
from osler.app.serving import overridden, require_keys, require_tls
from osler.app.soundness import ahead, require_sound
from osler.app.tasks import load_tasks
from osler.core.clock import SystemClock
from osler.core.errors import ConfigError

APPLICATION = "osler.api.app:create"
MOST_FILES = 65_536
PROTOCOL = "osler.api.protocol:LimitedHttp"
LOGGING: dict[str, object] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"safe": {"class": "osler.api.logs.SafeHandler"}},
    "root": {"handlers": ["safe"], "level": "WARNING"},
}
"""How uvicorn's own lines are written; by name, as the edges do not import each other."""


def serve(
    *,
    bind: tuple[str | None, int | None],
    workers: int | None,
    behind_tls_proxy: bool,
    log: tuple[str, str],
    config: Path | None,
    workspace: Path,
) -> None:
    """Serve until stopped. Raises ConfigError before anything is bound when something is wrong.

    `bind` is an address and a port that replace the configured ones; `log` the level and the format of the log.
    """
    path = configuration.find(config)
    host, port = bind
    loaded = overridden(configuration.load(config), host=host, port=port, behind_tls_proxy=behind_tls_proxy)
    server = loaded.server
    count = workers or server.workers
    family = _family(server.host, server.port)
    require = require_keys(loaded)
    require_tls(loaded)
    certificate = tls.read(server.tls, loaded.place("server", "tls")) if server.tls else None
    keyed = _prepare(loaded, workspace)
    listener = _bind(family, server.host, server.port)
    _allow_files()
    os.environ["OSLER_WORKSPACE"] = str(workspace.absolute())
    os.environ["OSLER_REQUIRE_KEYS"] = "1" if require else "0"
    os.environ["OSLER_BEHIND_TLS_PROXY"] = "1" if server.behind_tls_proxy else "0"
    os.environ["OSLER_LOG_LEVEL"], os.environ["OSLER_LOG_FORMAT"] = log
    os.environ["OSLER_WORKER"] = "1" if count > 1 else "0"
    os.environ.pop("OSLER_CONFIG", None)
    if path is not None:
        os.environ["OSLER_CONFIG"] = str(path.absolute())
    settings = uvicorn.Config(
        APPLICATION, factory=True, host=server.host, workers=count, http=PROTOCOL, ws="none", log_config=LOGGING,
        access_log=False, server_header=False, proxy_headers=False, lifespan="on",
        timeout_graceful_shutdown=server.drain_s,
        ssl_certfile=server.tls.cert if server.tls else None, ssl_keyfile=server.tls.key if server.tls else None,
        ssl_context_factory=uvicorn_tls if server.tls else None,
    )  # fmt: skip
    _warn(loaded, require=require, keyed=keyed, certificate=certificate)
    bound = listener.getsockname()
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    print(f"Osler serves on http{'s' if certificate else ''}://{shown}:{bound[1]}/v1 "
          f"({count} process{'es' if count > 1 else ''}, "
          f"keys {'required' if require else 'off'}). Ctrl-C stops it.", flush=True)  # fmt: skip
    _run(settings, listener, count)


class Supervisor(Multiprocess):
    """uvicorn's supervisor, but that SIGHUP reloads the configuration in every worker instead of replacing them.

    And signals are handed on at once: uvicorn looks for them twice a second, while a load balancer already asks.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.should_exit = _UntilSignal()

    def handle_hup(self) -> None:
        """Hand the signal on."""
        for process in self.processes:
            if process.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGHUP)

    def init_processes(self) -> None:
        """Start the workers."""
        with _hangups_wait():
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """Start those again that ended."""
        with _hangups_wait():
            super().keep_subprocess_alive()


class _UntilSignal(threading.Event):
    """An event for which waiting ends early when a signal comes."""

    def __init__(self) -> None:
        super().__init__()
        self._came, told = socket.socketpair()
        self._came.setblocking(False)
        told.setblocking(False)
        self._told = told  # kept, as closing it would end what the interpreter writes into
        signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the event, a signal or the time; whether it was the event."""
        if not self.is_set() and select.select([self._came], [], [], timeout)[0]:
            with suppress(BlockingIOError):
                self._came.recv(4096)
        return self.is_set()


@contextmanager
def _hangups_wait() -> Iterator[None]:
    """Workers that are started here have SIGHUP blocked until they can take it: else it would end them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def uvicorn_tls(config: uvicorn.Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """uvicorn's context factory; by name, as worker processes get it pickled."""
    return tls.harden(default())


def _run(settings: uvicorn.Config, listener: socket.socket, count: int) -> None:
    """Serve until stopped; being stopped is no fault, whichever signal did it and however many workers there are."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it reloads: one that comes too early ends nothing
    for stop in (signal.SIGINT, signal.SIGTERM):
        # uvicorn catches the signal, drains, and raises it anew for who was here before.
        signal.signal(stop, _stopped)
    try:
        if count == 1:
            uvicorn.Server(settings).run(sockets=[listener])
            return
        supervisor = Supervisor(settings, sockets=[listener])
        supervisor.run()
        if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
            raise ConfigError("A worker process could not start.", remedy="The log above says why.")
    finally:
        listener.close()


def _stopped(signum: int, frame: FrameType | None) -> None:
    sys.exit(0)


def _allow_files() -> None:
    """Open as many files as the system lets this user: each caller and each model server needs one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _prepare(config: Config, workspace: Path) -> bool:
    """Find every fault here, once, with one clear error, rather than in each worker; whether there is a key."""
    check_parts(config)
    deidentifier = build_deidentifier(config)
    load_tasks(config, deidentifier)
    rule_tests.run(config, deidentifier, SystemClock().now().date())
    stores = open_stores(config, workspace)
    try:
        require_sound(stores)
        _warn_of_clock(stores)
        load_starter(config, build_library(config, stores))
        return any(k.revoked is None for k in stores.access.list())
    finally:
        stores.close()


def _warn_of_clock(stores: Stores) -> None:
    if ahead(stores, SystemClock().now()) is not None:
        print(
            "osler: the newest audit record is later than this machine's clock: the clock went back. Set it: "
            "whether a BAA or a determination is in force is judged by its date.",
            file=sys.stderr,
        )


def _warn(config: Config, *, require: bool, keyed: bool, certificate: tls.Certificate | None) -> None:
    if require and not keyed:
        print("osler: keys are required, but there is none yet: osler keys create NAME", file=sys.stderr)
    expiry = certificate.warnings(SystemClock().now()) if certificate else ()
    for warning in (*expiry, *exposed_files(config)):
        print(f"osler: {warning}", file=sys.stderr)


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
        listener.listen(
            2048
        )  # whoever comes between this line and the first answer waits, and is not refused
        listener.set_inheritable(True)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"Cannot bind {host}:{port} ({error.strerror or type(error).__name__}).",
            remedy="Stop what uses the port, or choose another with --port (0 takes a free one).",
        ) from None
    return listener
