"""Names by what stands around them: which rule of `name_people` and `name_labels` looks at which word.

Used by the name detector. A word is looked up once; most have no rule.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from osler.deid.detectors.name_context import Context, Found
from osler.deid.detectors.name_labels import Labels
from osler.deid.detectors.name_people import People
from osler.deid.detectors.name_shapes import Shapes
from osler.deid.detectors.name_words import (
    BY,
    CREDENTIALS,
    GREETINGS,
    NAME_LABELS,
    PERSONS,
    RELATIONS,
    ROLE_LABELS,
    SIGN_OFFS,
    TITLES,
    TITLES_LIKE_WORDS,
)
from osler.deid.tokens import Words, word_set

_SLASH_SIGNED = re.compile(
    r"(?:/s/|/es/|e-signed by|esigned by|electronically signed by)[:\s]{0,3}", re.IGNORECASE
)

Rule = TypeVar("Rule")
_P = Callable[[People, int], Iterator[Found]]
_L = Callable[[Labels, int], Iterator[Found]]

_PEOPLE: tuple[tuple[frozenset[str], _P], ...] = (
    (TITLES, People.title),
    (TITLES_LIKE_WORDS, People.occupation),
    (RELATIONS, People.relation),
    (word_set("family relatives relative"), People.bracketed),
    (PERSONS, People.person),
    (ROLE_LABELS | RELATIONS | TITLES_LIKE_WORDS, People.being),
    (BY | word_set("for from to of re contact"), People.dealing),
    (word_set("you"), People.asked),
    (word_set("i i'm i’m im this it's it’s"), People.myself),
)
_LABELS: tuple[tuple[frozenset[str], _L], ...] = (
    (NAME_LABELS | ROLE_LABELS | RELATIONS, Labels.label),
    (NAME_LABELS | word_set("named nicknamed"), Labels.named),
    (GREETINGS, Labels.greeting),
    (SIGN_OFFS, Labels.sign_off),
    (CREDENTIALS, Labels.credential),
    (word_set("mrn dob ssn born"), Labels.numbered),
)


def _by_word(rules: tuple[tuple[frozenset[str], Rule], ...]) -> dict[str, tuple[Rule, ...]]:
    table: dict[str, tuple[Rule, ...]] = {}
    for words, rule in rules:
        for word in words:
            table[word] = (*table.get(word, ()), rule)
    return table


_PEOPLE_OF = _by_word(_PEOPLE)
_LABELS_OF = _by_word(_LABELS)


def find(tokens: Words, shapes: Shapes) -> Iterator[Found]:
    """`(start, end, score)` of names that stand beside a cue."""
    people, labels = People(tokens, shapes), Labels(tokens, shapes)
    for i, low in enumerate(tokens.low):
        for person_rule in _PEOPLE_OF.get(low, ()):
            yield from person_rule(people, i)
        for label_rule in _LABELS_OF.get(low, ()):
            yield from label_rule(labels, i)
    context = Context(tokens, shapes)
    for match in _SLASH_SIGNED.finditer(tokens.text):
        yield from context.signature_at(match.end())
