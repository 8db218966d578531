"""Answers on OpenAI's wire, one file for each shape. Nothing is decided here."""

from osler.api.outgoing.chat import ChatShape
from osler.api.outgoing.completions import CompletionShape
from osler.api.outgoing.port import EventShape, Shape
from osler.api.outgoing.responses import ResponsesShape

__all__ = ["ChatShape", "CompletionShape", "EventShape", "ResponsesShape", "Shape"]
