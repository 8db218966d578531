"""The application under trial: the site's configuration, served for real, with guards that can be switched off.

Run as a process of its own: `python -m osler.selftest.matrix.served`. Its standard input takes one JSON object a
line. The first says what to serve; it answers with where and with which keys. Each later one says what is down
(`{"outage": …, "manner": …, "after": …}`, or `{}` for nothing) and is answered by an empty object. At the end of
its input the process stops. Nothing of it is reachable from outside of this machine, and it is part of no server.
"""

import asyncio
import json
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from osler.api import logs
from osler.api.app import application
from osler.api.metrics import Metrics
from osler.app import config as configuration
from osler.app.build import Platform, Stores, Swap, build
from osler.cli.work.serve import LOGGING, PROTOCOL
from osler.core.ports.access import ADMIN
from osler.core.ports.completer import Completer
from osler.core.spans import Label
from osler.gateway.parts import Parts
from osler.knowledge.ingest import Library, sample_sources
from osler.knowledge.readers.fhir import FhirReader
from osler.selftest.matrix.down import (
    FailingEstimators,
    FailingPolicy,
    FailingRetriever,
    failing_others,
    failing_outbound,
    failing_roster,
)
from osler.selftest.matrix.outages import COLUMNS, NONE
from osler.selftest.matrix.routes import PATIENT, routes_of
from osler.selftest.matrix.site import trial_config
from osler.testing.outages import (
    FailingAudit,
    FailingCheck,
    FailingCompleter,
    FailingDetector,
    FailingIndex,
    FailingKeeper,
    FailingVault,
    Manner,
    Switch,
)

HANG_S = 120.0


def swap(switches: dict[str, Switch], *, waits: bool) -> Swap:
    """Puts a switch into each guard. `waits`: the guards are of the kind that may wait for something outside."""

    def stores(real: Stores) -> Stores:
        return replace(
            real,
            audit=FailingAudit(real.audit, switches["audit"]),
            vault=FailingVault(real.vault, switches["vault"]),
            keeper=FailingKeeper(real.keeper, switches["vault"]),
            index=FailingIndex(real.index, switches["index"]),
            waits=waits,
        )

    def parts(real: Parts) -> Parts:
        detector = FailingDetector(switches["detector"], waits=waits)
        looking = real.deidentifier
        return replace(
            real,
            # Where nobody looks every request counts as PHI: a detector that finds nothing would change that.
            deidentifier=looking if looking.is_blind else looking.joined_by(detector),
            policy=FailingPolicy(real.policy, real, switches["policy"]),
            retriever=FailingRetriever(real.retriever, switches["retrieval"]),
            guard=real.guard.joined_by(FailingCheck(switches["guardrail"], waits=waits)),
            estimators=FailingEstimators(real.estimators, switches["estimator"]),
            roster=failing_roster(real.roster, switches["roster"]),
            others=failing_others(real.others, switches["patient"]),
            outbound=failing_outbound(real.outbound, switches["outbound"]),
        )

    def completer(real: Completer) -> Completer:
        return FailingCompleter(real, switches["upstream"])

    return Swap(stores=stores, parts=parts, completer=completer)


def main() -> None:
    """Serve until standard input ends."""
    wanted: dict[str, Any] = json.loads(sys.stdin.readline())
    logs.configure()
    switches = {name: Switch(hang_s=HANG_S) for name in (*COLUMNS, "index") if name != NONE}
    path = Path(wanted["config"]) if wanted["config"] else None
    config = trial_config(configuration.load(path), wanted["urls"], guard_s=wanted["guard_s"])
    metrics = Metrics()
    platform = build(
        config, Path(wanted["workspace"]), observer=metrics, swap=swap(switches, waits=wanted["waits"])
    )
    _load_patient(platform)
    listener = socket.create_server(("127.0.0.1", 0))
    keys = {role: platform.stores.access.create(f"selftest {role}", role)[1] for role in ("clinician", ADMIN)}
    served = application(platform, metrics, require_keys=True)
    settings = uvicorn.Config(
        served, http=PROTOCOL, ws="none", log_config=LOGGING,
        access_log=False, server_header=False, proxy_headers=False, lifespan="on", timeout_graceful_shutdown=2,
    )  # fmt: skip
    hello = {
        "port": listener.getsockname()[1],
        "keys": keys,
        "canaries": _canaries(platform),
        "routes": routes_of(served),
    }
    asyncio.run(_serve(uvicorn.Server(settings), listener, switches, hello))


async def _serve(
    server: uvicorn.Server, listener: socket.socket, switches: dict[str, Switch], hello: dict[str, object]
) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    _say(hello)
    while line := await asyncio.to_thread(sys.stdin.readline):
        _obey(json.loads(line), switches)
        _say({})
    for switch in switches.values():
        switch.up()
    server.should_exit = True
    await serving
    # A thread that still hangs would keep the interpreter from ending; everything is written by now.
    os._exit(0)


def _obey(order: dict[str, Any], switches: dict[str, Switch]) -> None:
    for switch in switches.values():
        switch.up()
    if order:
        switches[order["outage"]].down(Manner(order["manner"]), after=order["after"])


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _load_patient(platform: Platform) -> None:
    """A sample record, whatever readers the site has."""
    stores = platform.stores
    library = Library(index=stores.index, readers=[FhirReader()], records=stores.records, max_bytes=2**24)
    for source in sample_sources():
        if source.name.startswith("ckd"):
            library.add(source)


def _canaries(platform: Platform) -> list[str]:
    """Identifiers of the sample patient that stand nowhere by chance: long ones, and no dates."""
    identity = platform.stores.records.identity(PATIENT)
    known = identity.identifiers if identity else ()
    values = {k.value for k in known if len(k.value) >= 6 and k.label is not Label.DATE}
    return sorted(values | {PATIENT})


if __name__ == "__main__":
    main()
