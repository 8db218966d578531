"""The root of the command tree."""

import os
from pathlib import Path
from typing import Annotated

import typer

from osler import __version__
from osler.cli import (
    ask,
    audit,
    config,
    deid,
    demo,
    doctor,
    kb,
    keys,
    openapi,
    plugins,
    route,
    selftest,
    serve,
    store,
    tasks,
    vault,
)
from osler.cli.options import folder

app = typer.Typer(
    name="osler",
    help="Osler runs language models on clinical work: it decides what they may see and checks what they say.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("ask")(ask.ask)
app.add_typer(kb.app, name="kb")
app.add_typer(deid.app, name="deid")
app.add_typer(audit.app, name="audit")
app.add_typer(config.app, name="config")
app.add_typer(route.app, name="route")
app.add_typer(keys.app, name="keys")
app.add_typer(plugins.app, name="plugins")
app.add_typer(tasks.app, name="tasks")
app.add_typer(vault.app, name="vault")
app.add_typer(store.app, name="store")
app.command("openapi")(openapi.openapi)
app.command("doctor")(doctor.doctor)
app.command("selftest")(selftest.selftest)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"osler {__version__}")
        raise typer.Exit


@app.callback()
def options(
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace",
            help="Folder that holds Osler's state (default .osler).",
            parser=folder,
            metavar="FOLDER",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options for all commands; each command also takes --workspace itself."""
    if workspace is not None:
        os.environ["OSLER_WORKSPACE"] = str(workspace)
