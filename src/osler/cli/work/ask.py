"""Work of `osler ask`: one question through the pipeline, in this process, on this workspace."""

import asyncio
import secrets
from pathlib import Path

from rich.console import Console

from osler.app import config as configuration
from osler.app.build import build
from osler.cli.ask import Ask
from osler.cli.work import show
from osler.cli.work.session import argument, patient_id, print_json, standard_input
from osler.core.errors import InputError, OslerError
from osler.core.messages import Caller, ChatRequest, Message
from osler.gateway.exchange import Done, Failed, audit_json


def ask(*, options: Ask) -> None:
    """Print the answer, or raise what went wrong; either way it is signed."""
    given = options.question
    question = standard_input() if given == "-" else argument(given, "The question")
    if not question.strip():
        raise InputError("The question is empty.", remedy='Ask one: osler ask "…"')
    loaded = configuration.load(options.config)
    request = ChatRequest(
        messages=(Message(role="user", content=question),),
        model=options.model,
        patient=patient_id(options.patient),
        task=options.task,
        ground="auto" if loaded.knowledge.ground else "off",
        explain=options.show_sent,
        caller=Caller(),
        request_id=f"ask_{secrets.token_hex(12)}",
    )
    ended = asyncio.run(_run(loaded, options.workspace, request))
    if isinstance(ended, Failed):
        _failed(ended, json=options.json)
    elif options.json:
        print_json(ended.exchange.to_json())
    else:
        show.answer(Console(), ended.exchange.to_json())


async def _run(config: configuration.Config, workspace: Path, request: ChatRequest) -> Done | Failed:
    platform = build(config, workspace)
    try:
        async for event in platform.pipeline.run(request):
            if isinstance(event, Done | Failed):
                return event
    finally:
        await platform.aclose()
    raise OslerError("The pipeline ended without an answer.")


def _failed(ended: Failed, *, json: bool) -> None:
    if json:
        print_json(
            {
                "answer": None, "citations": [], "findings": [], "decision": ended.decision,
                "audit": audit_json(ended.record),
                "error": {"code": ended.error.code, "message": str(ended.error)},
            }
        )  # fmt: skip
    elif ended.record is not None:
        show.decision(Console(), ended.decision, answered=False)
        show.audit(Console(), audit_json(ended.record))
    raise ended.error
