"""Work of `osler demo`: the main job on shipped sample records, from nothing to a verified audit chain.

Everything printed comes from responses of a real gateway process and from the workspace. The "cloud"
is a model server on this machine, there to show that nothing reaches it.
"""

import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from osler.app import config as configuration
from osler.app.build import build_library, load_starter, open_stores
from osler.cli.work import show
from osler.cli.work.session import print_json, sign
from osler.cli.work.side_by_side import evidence, side_by_side
from osler.core.errors import ConfigError, InputError, UpstreamError
from osler.core.ports.reader import Source
from osler.knowledge.ingest import sample_sources
from osler.testing import ModelServerThread

CONFIG = """\
# Written by `osler demo`. The cloud has no BAA: no PHI may go there.
[destinations.embedded]
use = "extractive"
location = "on-premises"
models.extractive = {{ id = "extractive", context = 1000000 }}

[destinations.cloud]
use = "openai_wire"
url = "{url}"
location = "public-cloud"
region = "us-east"
models.cloud-large = {{ id = "large-1", context = 128000, price_in = 2.5, price_out = 10.0 }}

[[tests]]
request = {{ text = "Mrs. Jones, MRN 00482913, asks about her dose" }}
expect = {{ destination = ["embedded"], transform = "surrogate" }}

[[tests]]
request = {{ text = "", patient = true, model = "cloud-large" }}
expect = {{ refused = true }}
"""
START_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of the demo."""

    title: str
    text: str = field(repr=False)
    patient: str | None = None
    model: str = "auto"
    stream: bool = False


def demo(*, workspace: Path | None, samples: Path | None, json: bool) -> None:
    """Run the demo. Exit code 0 only if every step did what it should."""
    openai = _openai()
    folder = _fresh(workspace)
    console = Console(stderr=json)
    begun = time.monotonic()
    with ModelServerThread() as cloud:
        config = folder / "osler.toml"
        config.write_text(CONFIG.format(url=cloud.url), encoding="utf-8")
        console.print(f"[bold]Osler demo[/bold] in {escape(str(folder))}\n")
        questions = _load(console, config, folder, samples)
        with _gateway(config, folder) as url:
            console.print(
                f"Gateway: {url} (loopback only). Client: the official openai package {openai.__version__}."
            )
            client = openai.OpenAI(base_url=url, api_key="not-needed-on-loopback", max_retries=0)
            results = [_ask(console, openai, client, q, number) for number, q in enumerate(questions, 1)]
        received = len(cloud.requests)
    console.print(f"\nRequests that reached the cloud: [bold]{received}[/bold]")
    verdict = _verify(console, config, folder)
    _next(console, folder, time.monotonic() - begun)
    if json:
        print_json(
            {"workspace": str(folder), "results": results, "cloud_requests": received, "audit": verdict}
        )


def _load(console: Console, config: Path, folder: Path, samples: Path | None) -> list[Question]:
    """Load samples and starter pack; the fourth question names its patient, as the record does."""
    loaded = configuration.load(config)
    stores = open_stores(loaded, folder)
    try:
        library = build_library(loaded, stores)
        load_starter(loaded, library)
        files = documents = 0
        for source in _samples(samples):
            documents += library.add(source).new
            files += 1
        sign(stores, "kb.add", {"files": files, "new": documents, "failed": 0})
        for c in stores.index.collections():
            console.print(f"Loaded {c.documents} documents into '{c.collection}'.")
        identity = stores.records.identity("sample-diabetes")
        patients = stores.records.patients()
    finally:
        stores.close()
    if identity is None:
        raise InputError(
            "The samples lack the patient sample-diabetes.", remedy="Keep the ids of the shipped samples."
        )
    name = next(
        (k.value for k in identity.identifiers if k.label == "NAME" and " " in k.value), "this patient"
    )
    console.print(f"Patients: {', '.join(patients)}.")
    return [
        Question(
            title="on the record",
            text="Is it safe to start ibuprofen for her knee pain?",
            patient="sample-ckd",
        ),
        Question(
            title="on a guideline", text="When is metformin contraindicated, and at which kidney function?"
        ),
        Question(
            title="a record to a cloud without a BAA",
            text="Summarise her problems and medications for a referral letter.",
            patient="sample-ckd",
            model="cloud-large",
        ),
        Question(
            title="streamed",
            text=f"What medications is {name} on, and what was his last HbA1c?",
            patient="sample-diabetes",
            stream=True,
        ),
    ]


def _samples(folder: Path | None) -> Iterator[Source]:
    """The shipped bundles, or those of a folder."""
    if folder is None:
        yield from sample_sources()
        return
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if not files:
        raise InputError(f"{folder} holds no sample bundles (*.json).", remedy="Name a folder that does.")
    for file in files:
        yield Source(name=file.name, data=file.read_bytes())


def _ask(console: Console, openai: Any, client: Any, question: Question, number: int) -> dict[str, Any]:
    """Ask one question over HTTP and print what came back."""
    console.rule(f"[bold]Question {number} of 4[/bold]: {escape(question.title)}")
    console.print(Text(f"“{question.text}”", style="bold"))
    console.print(Text(f"patient: {question.patient or 'none'}; model: {question.model}", style="dim"))
    metadata = {"explain": "true", **({"patient": question.patient} if question.patient else {})}
    asked = {
        "model": question.model,
        "messages": [{"role": "user", "content": question.text}],
        "metadata": metadata,
    }
    try:
        osler = _streamed(console, client, asked) if question.stream else _plain(client, asked)
    except openai.APIStatusError as refusal:
        body = refusal.response.json()
        osler = body.get("osler", {})
        console.print(Text(f"HTTP {refusal.status_code}: {body['error']['message']}", style="bold red"))
        show.decision(console, osler.get("decision", {}))
        console.print("\nThe model was sent: nothing.")
        show.audit(console, osler.get("audit"))
        return {"question": question.text, "status": refusal.status_code, **osler}
    show.decision(console, osler["decision"])
    evidence(console, osler)
    side_by_side(console, question.text, osler)
    show.citations(console, osler["citations"], whole=False)
    show.findings(console, osler["findings"])
    show.audit(console, osler["audit"])
    return {"question": question.text, "status": 200, **osler}


def _plain(client: Any, asked: dict[str, Any]) -> dict[str, Any]:
    osler: dict[str, Any] = client.chat.completions.create(**asked).model_extra["osler"]
    return osler


def _streamed(console: Console, client: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Print pieces as they come; the last event carries the `osler` object."""
    osler: dict[str, Any] = {}
    console.print("[dim]as it streams:[/dim]")
    pieces = column = 0
    for chunk in client.chat.completions.create(stream=True, **asked):
        osler = (chunk.model_extra or {}).get("osler", osler)
        for choice in chunk.choices:
            if choice.delta.content:
                pieces += 1
                column = _flow(console, choice.delta.content, column)
    console.print(f"\n[dim]({pieces} pieces)[/dim]")
    if not osler:
        raise UpstreamError("The stream ended without its last event.", remedy="See the server's log.")
    return osler


def _flow(console: Console, piece: str, column: int) -> int:
    """Print a piece of a stream where the last one ended, broken at words; the column it ends in."""
    for word in re.findall(r"\n|[^\s]+[^\S\n]*|[^\S\n]+", piece):
        if word != "\n" and column and column + len(word.rstrip()) > console.width:
            console.file.write("\n")
            column = 0
        console.file.write(word)
        column = 0 if word == "\n" else column + len(word)
    console.file.flush()
    return column


@contextmanager
def _gateway(config: Path, folder: Path) -> Iterator[str]:
    """`osler serve` as a process of its own on a free port; its base URL."""
    log = folder / "serve.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own arguments
            [
                sys.executable,
                "-m",
                "osler",
                "serve",
                "--port",
                "0",
                "--config",
                str(config),
                "--workspace",
                str(folder),
            ],
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            text=True,
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            if "http://" not in line:
                raise UpstreamError("The gateway did not start.", remedy=f"See {log}.")
            base = line.split("http://", 1)[1].split("/v1", 1)[0]
            _wait_ready(f"http://{base}/readyz", process, log)
            yield f"http://{base}/v1"
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_ready(url: str, process: "subprocess.Popen[str]", log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own loopback address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise UpstreamError("The gateway did not become ready.", remedy=f"See {log}.")


def _verify(console: Console, config: Path, folder: Path) -> dict[str, object]:
    stores = open_stores(configuration.load(config), folder)
    try:
        verdict = stores.audit.verify()
    finally:
        stores.close()
    state = "[green]holds[/green]" if verdict.ok else "[bold red]is broken[/bold red]"
    console.print(
        f"Audit chain: {verdict.records} records, {state}; head\n  {verdict.head.number}:{verdict.head.hash}"
    )
    if not verdict.ok:
        raise UpstreamError(
            f"The demo's audit chain is broken: {verdict.reason}", remedy="Please report this."
        )
    return {
        "ok": verdict.ok,
        "records": verdict.records,
        "head": f"{verdict.head.number}:{verdict.head.hash}",
    }


def _next(console: Console, folder: Path, seconds: float) -> None:
    console.rule("[bold]What next[/bold]")
    here = Path(sys.executable).parent
    found = shutil.which("osler")
    if found and Path(found).parent == here:
        activate = ""
    else:
        activate = f"\n0. Make `osler` a command of this shell:\n     . {here / 'activate'}"
    console.print(f"""\
Done in {seconds:.1f} s. To undo the demo, delete its workspace:
     {folder}
{activate}
1. Serve the demo's workspace, for any OpenAI client:
     cd {folder}
     osler serve --workspace .
2. Add your own records (FHIR R4), to .osler/ in your current folder:
     osler kb add YOUR-EXPORT.json
     osler ask "What medications is this patient on?" --patient ID
3. Connect a real model (vLLM, Ollama, any OpenAI-compatible server) by three
   lines in a file osler.toml in your current folder; then try `osler doctor`:
     destinations.ward.url = "http://127.0.0.1:11434/v1"
     destinations.ward.location = "on-premises"
     destinations.ward.models.llama = {{ id = "llama3.1:8b" }}
4. Read on in docs/: tutorial.md, reference/configuration.md,
   explanation/limits.md (what Osler does not do).""", highlight=False, markup=False, soft_wrap=True)  # fmt: skip


def _fresh(workspace: Path | None) -> Path:
    """A new, empty folder: the one that was named, or one inside it when it holds something already."""
    if workspace is None:
        return Path(tempfile.mkdtemp(prefix="osler-demo-"))
    if workspace.exists() and not workspace.is_dir():
        raise InputError(f"{workspace} is not a folder.", remedy="Name a folder, or none.")
    workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(workspace.iterdir()):
        return Path(tempfile.mkdtemp(prefix="osler-demo-", dir=workspace))
    return workspace


def _openai() -> Any:
    try:
        return importlib.import_module("openai")
    except ModuleNotFoundError:
        raise ConfigError("The demo needs the openai package.", remedy="pip install 'osler[demo]'") from None
