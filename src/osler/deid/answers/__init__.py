"""What comes back from a model: the caller's identifiers put back, those that the model made up taken out.

    stream = AnswerStream(table, finder=engine, sent=outbound_texts)
    for piece in pieces:
        show(stream.feed(piece))
    show(stream.finish())

`AnswerStream` takes text, `JsonAnswerStream` a JSON document (arguments of a tool call, structured output). Any cutting
into pieces gives the same text.
"""

from osler.deid.answers.json_stream import JsonAnswerStream
from osler.deid.answers.sent import Sent
from osler.deid.answers.stream import MOST_HELD, AnswerStream, Finder

__all__ = ["MOST_HELD", "AnswerStream", "Finder", "JsonAnswerStream", "Sent"]
