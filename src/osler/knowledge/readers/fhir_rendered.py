"""What a resource becomes in words, and the surroundings that its rendering may look into."""

from dataclasses import dataclass, field

from osler.core.ports.reader import Passage
from osler.core.ports.records import Code
from osler.knowledge.readers.fhir_element import Element
from osler.knowledge.readers.fhir_references import Directory, Entry
from osler.knowledge.readers.fhir_words import concept, concepts, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A resource in plain English, with what is asked about it. Only notes set `passages` and `title`."""

    text: str = field(repr=False)
    display: str = field(default="", repr=False)
    category: str = ""
    status: str = ""
    active: bool = True
    codes: tuple[Code, ...] = field(default=(), repr=False)
    when: str = ""
    value: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A resource's entry and the file around it."""

    entry: Entry
    directory: Directory

    def resolve(self, reference: Element) -> Element:
        """The resource that a reference means; an empty Element when the file has it not."""
        return self.directory.resolve(reference, self.entry)

    def named(self, reference: Element) -> str:
        """What a reference to something clinical is called: its display, else the target's own code."""
        if display := reference.word("display"):
            return display
        target = self.resolve(reference)
        if not target:
            return ""
        code = target.raw.get("code")
        if isinstance(code, dict):
            return concept(target.child("code"))
        if isinstance(target.raw.get("description"), dict):  # Goal
            return concept(target.child("description"))
        return ""

    def reasons(self, resource: Element) -> str:
        """`reasonCode` and `reasonReference` in words."""
        return listed(
            (
                concepts(resource.children("reasonCode")),
                *(self.named(reference) for reference in resource.children("reasonReference")),
            )
        )
