"""`osler kb`: records and documents to draw evidence from."""

from typing import Annotated

import typer

from osler.cli import work
from osler.cli.options import HERE, ConfigFile, Json, Workspace

app = typer.Typer(
    help="Records and documents to draw evidence from.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def add(
    paths: Annotated[list[str], typer.Argument(help="Files or folders: FHIR R4 JSON, Markdown, text.")],
    collection: Annotated[
        str | None,
        typer.Option(
            "--collection",
            help=(
                "Where documents go that are no records; records always go to `records`. Refused for "
                "FHIR files."
            ),
        ),
    ] = None,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Add files. Each file is added whole or not at all; the same content again changes nothing."""
    work("kb", "add", paths=paths, collection=collection, json=json, config=config, workspace=workspace)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="How many passages.")] = 10,
    patient: Annotated[
        str | None,
        typer.Option("--patient", help="The patient whose record may be searched: `ID` or `Patient/ID`."),
    ] = None,
    collection: Annotated[str | None, typer.Option("--collection", help="Only this collection.")] = None,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Search passages. Without --patient no record is ever seen."""
    work(
        "kb", "search", query=query, k=k, patient=patient, collection=collection,
        json=json, config=config, workspace=workspace,
    )  # fmt: skip


@app.command("list")
def list_(json: Json = False, config: ConfigFile = None, workspace: Workspace = HERE) -> None:
    """What is loaded: collections, and the ids of patients."""
    work("kb", "list_", json=json, config=config, workspace=workspace)


@app.command()
def show(
    doc: Annotated[str, typer.Argument(help="The id as a citation names it.")],
    patient: Annotated[
        str | None,
        typer.Option("--patient", help="The patient whose record it belongs to; needed for records."),
    ] = None,
    json: Json = False,
    config: ConfigFile = None,
    workspace: Workspace = HERE,
) -> None:
    """Show a stored source: the text that citations' offsets and sha256 refer to."""
    work("kb", "show", doc=doc, patient=patient, json=json, config=config, workspace=workspace)


@app.command()
def rebuild(json: Json = False, config: ConfigFile = None, workspace: Workspace = HERE) -> None:
    """Make the search over the stored texts anew, when it was lost or damaged. The texts stay as they are."""
    work("kb", "rebuild", json=json, config=config, workspace=workspace)
