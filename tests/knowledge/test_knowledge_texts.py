"""Guideline topics, plain text, encodings, passages, sentences, and the choice of a reader."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge_doubles import as_source

from osler.core.errors import InputError, UnsupportedFormat
from osler.core.ports.reader import Document, Source
from osler.knowledge.passages import LONGEST, cut, note_passages, sentence_spans
from osler.knowledge.readers.choose import choose
from osler.knowledge.readers.fhir import FhirReader
from osler.knowledge.readers.guideline import GuidelineReader
from osler.knowledge.readers.text import TextReader
from osler.knowledge.stems import stem

TOPIC = """+++
id = "gout"
title = "Gout"
basis = "recalled"
source = "https://example.org/gout"
source_title = "A guideline"
published = 2020
opened = 2026-11-20
keywords = ["podagra"]
+++

# Gout

Gout is an arthritis.

## Treatment
- Colchicine is an option.
- NSAIDs are an option.

```
# not a heading
```
"""


def topic(text: str, name: str = "gout.md", **more: str) -> Document:
    (document,) = GuidelineReader().read(Source(name=name, data=text.encode(), **more)).documents
    return document


def test_a_topic_with_front_matter() -> None:
    document = topic(TOPIC)
    assert (document.doc, document.title, document.basis, document.collection) == (
        "guideline/gout",
        "Gout",
        "recalled",
        "guidelines",
    )
    assert document.source == "A guideline, https://example.org/gout"
    assert (document.published, document.opened, document.keywords) == ("2020", "2026-11-20", ("podagra",))
    assert [(p.section, document.text[p.start : p.end].split("\n")[0]) for p in document.passages] == [
        ("Gout", "Gout is an arthritis."),
        ("Treatment", "- Colchicine is an option."),
    ]


def test_markdown_without_front_matter_is_a_document_that_says_nothing_of_itself() -> None:
    text = "Intro.\r\n\r\n# Local sepsis rules\r\nGive fluids."
    document = topic(text, "dir/Häuser Regel 1.md")
    assert (document.doc, document.title, document.basis) == (
        "document/hauser-regel-1",
        "Local sepsis rules",
        "supplied",
    )
    assert document.collection == "documents"
    assert "\r" not in document.text
    assert topic(text, collection="local").collection == "local"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('+++\nid = "x"\n', "never closed"),
        ("+++\nid = \n+++\nx", "not valid TOML"),
        ('+++\nid = "x"\ntitel = "y"\n+++\nx', "Line 3 holds"),
        ('+++\nbasis = "guessed"\n+++\nx', "basis"),
        ('+++\nid = "../x"\n+++\nx', "id"),
        ('+++\nkeywords = "x"\n+++\nx', "keywords"),
        ("+++\ntitle = 5\n+++\nx", "title"),
        ('+++\nid = "x"\n+++\n\n', "no text"),
    ],
)
def test_faulty_topics_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        topic(text)
    assert error.value.remedy


def test_texts_cannot_be_put_among_the_records() -> None:
    for reader, name in ((GuidelineReader(), "a.md"), (TextReader(), "a.txt")):
        with pytest.raises(InputError, match="records"):
            reader.read(Source(name=name, data=b"x", collection="records"))


def test_plain_text() -> None:
    (document,) = (
        TextReader().read(as_source("Öne.\r\n\r\nTwo.".encode("utf-16"), name="My notes.txt")).documents
    )
    assert (document.doc, document.title, document.collection, document.basis) == (
        "document/my-notes",
        "My notes",
        "documents",
        "supplied",
    )
    assert document.text == "Öne.\n\nTwo."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"text\x00text", "NUL"),
        (b"good\nb\xe9d", "line 2"),
        (b"\x01\x02\x03\x04abc", "control"),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", "UTF-32"),
        (b"\xff\xfea", "UTF-16"),
    ],
)
def test_binary_that_poses_as_text_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UnsupportedFormat, match=said):
        TextReader().read(Source(name="x.txt", data=data))


def test_the_reader_is_chosen_by_ending_and_first_bytes() -> None:
    readers = (FhirReader(), GuidelineReader(), TextReader())
    for name, kind in (("a.json", "fhir"), ("a.md", "guideline"), ("a.txt", "text")):
        assert choose(readers, Source(name=name, data=b"")).name == kind
    with pytest.raises(UnsupportedFormat) as error:
        choose(readers, Source(name="Quillfeather.docx", data=b"PK"))
    assert "fhir, guideline, text" in error.value.remedy
    assert "Quillfeather" not in str(error.value)


@given(st.text(alphabet="ab .!?\n\t-#*1ÄÖ:|", max_size=3000))
def test_passages_and_sentences_are_slices_in_order(text: str) -> None:
    passages = [*cut(text, 0, len(text)), *note_passages(text)]
    assert all(0 <= p.start < p.end <= len(text) for p in passages)
    assert all(p.end - p.start <= LONGEST for p in cut(text, 0, len(text)))
    spans = list(sentence_spans(text, 0, len(text)))
    assert all(start < end for start, end in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    letters = {c for c in text if c.isalpha()}
    assert letters == {c for start, end in spans for c in text[start:end] if c.isalpha()}


def test_list_marks_do_not_belong_to_a_sentence() -> None:
    text = "Intro line here:\n- Avoid NSAIDs.\n2. Check potassium.\n\n| a | b |"
    assert [text[s:e] for s, e in sentence_spans(text, 0, len(text))][1:3] == [
        "Avoid NSAIDs.",
        "Check potassium.",
    ]


def test_stems_are_porters() -> None:
    table = [
        "caresses",
        "caress",
        "ponies",
        "poni",
        "ties",
        "ti",
        "cats",
        "cat",
        "feed",
        "feed",
        "agreed",
        "agre",
        "plastered",
        "plaster",
        "motoring",
        "motor",
        "conflated",
        "conflat",
        "troubled",
        "troubl",
        "sized",
        "size",
        "hopping",
        "hop",
        "falling",
        "fall",
        "filing",
        "file",
        "happy",
        "happi",
        "sky",
        "sky",
        "relational",
        "relat",
        "rational",
        "ration",
        "digitizer",
        "digit",
        "vietnamization",
        "vietnam",
        "operator",
        "oper",
        "decisiveness",
        "decis",
        "formaliti",
        "formal",
        "triplicate",
        "triplic",
        "goodness",
        "good",
        "revival",
        "reviv",
        "inference",
        "infer",
        "adjustable",
        "adjust",
        "replacement",
        "replac",
        "adoption",
        "adopt",
        "activate",
        "activ",
        "rate",
        "rate",
        "cease",
        "ceas",
        "controll",
        "control",
        "roll",
        "roll",
        "b12",
        "b12",
        "diabetics",
        "diabet",
        "diabetes",
        "diabet",
    ]
    for word, expected in zip(table[::2], table[1::2], strict=True):
        assert stem(word) == expected, word
