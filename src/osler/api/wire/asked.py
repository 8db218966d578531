"""The part of a ChatRequest that all routes have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from osler.api.wire.notes import notes
from osler.core.messages import Caller, ChatRequest, Latency, Message, Surface


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks, with which headers, under which id."""

    headers: Mapping[str, str]
    caller: Caller
    request_id: str

    def request(
        self,
        messages: tuple[Message, ...],
        params: Mapping[str, object],
        body: Any,
        *,
        surface: Surface,
        ground: bool = True,
    ) -> ChatRequest:
        """The request. `body` is one of the types of `bodies`; without `ground` no evidence is looked for."""
        told = notes(body.metadata, self.headers)
        latency: Latency = told.get("latency", "interactive")  # type: ignore[assignment]  # checked by its schema
        return ChatRequest(
            messages=messages,
            model=body.model,
            params=params,
            stream=bool(body.stream),
            n=getattr(body, "n", None) or 1,
            patient=told.get("patient"),
            purpose=told.get("purpose", "treatment"),
            task=told.get("task"),
            specialty=told.get("specialty"),
            latency=latency,
            break_glass=told.get("break_glass"),
            ground="auto" if ground and told.get("ground") != "off" else "off",
            reuse="off" if told.get("cache") == "off" else "auto",
            explain=told.get("explain", "false").lower() == "true",
            caller=self.caller,
            request_id=self.request_id,
            surface=surface,
        )
