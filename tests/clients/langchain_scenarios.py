"""What a program does with LangChain's OpenAI classes, put to Osler: `python langchain_scenarios.py URL KEY`.

Prints one JSON object: for each scenario "ok", or what went wrong.
"""

import json
import sys
import traceback
from importlib.metadata import version
from typing import Any

from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field, SecretStr

URL, KEY = sys.argv[1], sys.argv[2]
NAME = "Zythar Quillon"
QUESTION = f"Look up: {NAME}. Then say how it stands."


class Person(BaseModel):
    """A person and how it stands."""

    name: str = Field(description="The name.")
    stable: bool


@tool
def find_person(name: str) -> str:
    """Finds a person by name."""
    return f"{name}, MRN 00482913"


def chat(**options: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model="ward", base_url=URL, api_key=SecretStr(KEY), max_retries=0, timeout=20,
        default_headers={"x-osler-ground": "off"}, **options,
    )  # fmt: skip


def try_invoke() -> None:
    made = chat().invoke([SystemMessage("Be short."), HumanMessage(QUESTION)])
    assert NAME in str(made.content)
    assert made.usage_metadata is not None
    assert made.usage_metadata["total_tokens"] == 18


def try_stream() -> None:
    pieces = [str(chunk.content) for chunk in chat().stream(QUESTION)]
    assert "".join(pieces) == chat().invoke(QUESTION).content


def try_batch() -> None:
    made = chat().batch([f"Look up: Zythar Quillon{letter}. Please." for letter in "abcd"])
    assert all(f"Quillon{letter}" in str(m.content) for letter, m in zip("abcd", made, strict=True))


def try_tools() -> None:
    model = chat().bind_tools([find_person])
    turns: list[Any] = [HumanMessage(QUESTION)]
    first: Any = model.invoke(turns)
    (call,) = first.tool_calls
    assert call["args"] == {"name": NAME}
    turns += [first, ToolMessage(find_person.invoke(call["args"]), tool_call_id=call["id"])]
    assert f"{NAME}, MRN 00482913" in str(model.invoke(turns).content)


def try_structured() -> None:
    assert chat().with_structured_output(Person, method="json_schema").invoke(QUESTION) == Person(
        name=NAME, stable=True
    )


def try_responses_api() -> None:
    made = chat(use_responses_api=True).invoke(QUESTION)
    assert NAME in made.text
    pieces = [chunk.text for chunk in chat(use_responses_api=True).stream(QUESTION)]
    assert "".join(pieces) == made.text


def try_embeddings() -> None:
    # Without the check of lengths it sends texts; with it, tokens, which cannot be de-identified.
    api = OpenAIEmbeddings(
        model="vectors", base_url=URL, api_key=SecretStr(KEY), check_embedding_ctx_length=False
    )
    assert api.embed_documents(["one", "three"]) == [[0.5, 3.0], [0.5, 5.0]]


def main() -> None:
    results = {}
    for name, scenario in list(globals().items()):
        if name.startswith("try_"):
            try:
                scenario()
                results[name] = "ok"
            except Exception:
                results[name] = traceback.format_exc(limit=-3)
    print(json.dumps({"version": version("langchain-openai"), "results": results}))


if __name__ == "__main__":
    main()
