"""A slow disk: every fsync takes 200 to 500 ms. Answers come late but right, and waiting requests share an fsync.

The delay is made by a small library in front of the C library's fsync, built with the machine's own compiler.
"""

import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from osler.selftest.faults import kept
from osler.selftest.faults.client import Answer, Seen, ask, ready
from osler.selftest.faults.site import PATIENT, QUESTION, Server, Site, fill
from osler.selftest.scenario import Broken, NotHere, Scene

REQUESTS = 24
SLOWEST_ANSWER_S = 6.0
"""What an answer may take beside what is waited for: a few slow fsyncs on a busy machine."""
SILENT_S = 1.0
"""How long the model server that never answers is waited for."""

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int slow(const char *name, int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *count = getenv("SELFTEST_FSYNCS");
    if (count != NULL) {
        int log = open(count, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log >= 0) {
            if (write(log, ".", 1) < 0) { }
            close(log);
        }
    }
    usleep(200000 + rand() % 300000);
    return real(file);
}

int fsync(int file) { return slow("fsync", file); }
int fdatasync(int file) { return slow("fdatasync", file); }
"""
_CONFIG = """
[destinations.here]
use = "extractive"
location = "on-premises"
models.extractive = {{ id = "extractive", context = 1000000 }}

[destinations.silent]
url = "http://127.0.0.1:{port}/v1"
location = "on-premises"
timeout_s = {silent}
models.silent = {{ id = "silent" }}
"""


def run(scene: Scene) -> str:
    """Ask many questions at once over the slow disk; look whether the server stays ready, and a timeout holds."""
    count = scene.folder / "fsyncs"
    config = scene.folder / "osler.toml"
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        config.write_text(_CONFIG.format(port=silent.getsockname()[1], silent=SILENT_S))
        site = Site(
            folder=scene.folder,
            environment={"LD_PRELOAD": str(_built(scene.folder)), "SELFTEST_FSYNCS": str(count)},
            config=config,
        )
        fill(site.workspace)
        with site.serving() as server:
            before = count.stat().st_size if count.exists() else 0
            begun = time.monotonic()
            answers = _asked_at_once(server)
            took, fsyncs = time.monotonic() - begun, count.stat().st_size - before
            _require_timeout(server)
    seen = Seen()
    for number, answer in enumerate(answers):
        seen.take(answer, stream=bool(number % 2))
    if seen.refused or len(seen.marks) != REQUESTS:
        raise Broken(
            f"on a slow disk {REQUESTS - len(seen.marks)} of {REQUESTS} requests got no signed answer"
        )
    chain = kept.chain(site.workspace)
    chain.require_seen(seen)
    chain.require_ended_once()
    ids = {answer.request_id for answer in answers}
    records = sum(record.request_id in ids for record in chain.records)
    if fsyncs >= records:
        raise Broken(f"{records} audit records took {fsyncs} fsyncs: requests that wait do not share them")
    return (
        f"{REQUESTS} requests at once came back signed in {took:.1f} s; their {records} audit records took {fsyncs} "
        "slow fsyncs; the server stayed ready and a model server's timeout held"
    )


def _built(folder: Path) -> Path:
    """The library that makes fsync slow. Raises NotHere without a compiler, or where it cannot be put in front."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        raise NotHere("there is no C compiler to build the slow fsync with")
    source, library = folder / "slow.c", folder / "slow.so"
    source.write_text(_SOURCE)
    built = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], capture_output=True, timeout=60
    )
    if built.returncode:
        raise NotHere("the C compiler could not build the slow fsync")
    return library


def _asked_at_once(server: Server) -> list[Answer]:
    def one(number: int) -> Answer:
        return ask(server.url, QUESTION, patient=PATIENT, stream=bool(number % 2), model="extractive")

    with ThreadPoolExecutor(REQUESTS) as pool:
        asked = [pool.submit(one, number) for number in range(REQUESTS)]
        while not all(future.done() for future in asked):
            if not ready(server.url):
                raise Broken("on a slow disk the server says that it is not ready")
            time.sleep(0.1)
        return [future.result() for future in asked]


def _require_timeout(server: Server) -> None:
    begun = time.monotonic()
    answer = ask(server.url, QUESTION, patient=PATIENT, model="silent")
    took = time.monotonic() - begun
    if answer.status != 504 or took > SILENT_S + SLOWEST_ANSWER_S:
        raise Broken(f"a model server that is silent gave {answer.status} after {took:.1f} s instead of 504")
