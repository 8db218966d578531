"""From a model's own labels (`B-PER`, `U-DATE`, `O`) to Osler's. Pure; refuses whatever it is not told about."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osler.backends.detectors.options import Target
from osler.core.errors import ConfigError
from osler.core.spans import Label

OUTSIDE = "O"
_PREFIXED = re.compile(r"([BIELMSU])[-_](.+)", re.DOTALL)
_BEGINS = frozenset("BSU")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """What a model's outputs mean.

    `kinds`: the labels that can be found. `table`: float32 of shape (outputs, 1 + kinds), a 1 in each row: column 0
    is "no identifier", column k `kinds[k - 1]`. `begins`: bool of shape (outputs,), which outputs begin an entity.
    """

    kinds: tuple[Label, ...]
    table: NDArray[np.float32]
    begins: NDArray[np.bool_]


def scheme(plugin: str, outputs: Sequence[str], given: Mapping[str, Target]) -> Scheme:
    """The scheme of a model whose outputs, in order, are called `outputs`.

    BIO, BILOU and BIOES prefixes are taken off; a name that is Osler's own (in any case) stands for itself unless
    `given` says otherwise. ConfigError for a name that nothing maps, for an entry of `given` that the model does
    not have, and where nothing could be found.
    """
    targets, unknown, used = [], [], set()
    for output in outputs:
        name = _name(output, given)
        target = given.get(name, _own(name))
        used.add(name)
        if target is None:
            unknown.append(name)
        targets.append(target)
    idle = sorted(set(given) - used)
    _refuse(
        plugin,
        sorted(set(unknown)),
        "leaves out labels of the model",
        "Map each to a label of Osler's or 'O'.",
    )
    _refuse(plugin, idle, "has labels that the model does not have", "Correct or remove them.")
    kinds = tuple(sorted({t for t in targets if isinstance(t, Label)}))
    if not kinds:
        raise ConfigError(
            f"The detector '{plugin}' could find nothing: its option `labels` maps every label to 'O'.",
            remedy="Map at least one to a label of Osler's, or do without the detector.",
        )
    table = np.zeros((len(outputs), 1 + len(kinds)), dtype=np.float32)
    for row, target in enumerate(targets):
        table[row, kinds.index(target) + 1 if isinstance(target, Label) else 0] = 1.0
    begins = np.array([_begins(output) for output in outputs], dtype=np.bool_)
    return Scheme(kinds=kinds, table=table, begins=begins)


def outputs_of(plugin: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a model's outputs, from `id2label` of its config.json. ConfigError when they are not all there."""
    named = settings.get("id2label")
    try:
        by_number = {int(k): v for k, v in named.items()} if isinstance(named, dict) else {}
    except ValueError:
        by_number = {}
    names = tuple(by_number.get(n) for n in range(len(by_number)))
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ConfigError(
            f"The detector '{plugin}': its config.json names no labels (`id2label`), or leaves gaps in them.",
            remedy="Use the config.json that was saved with the model.",
        )
    return tuple(str(name) for name in names)


def mapped(plugin: str, names: Sequence[str], given: Mapping[str, Target]) -> dict[str, Label | None]:
    """Each of `names` with its label, None for "no identifier". As strict as `scheme`, without prefixes."""
    targets = {name: given.get(name, _own(name)) for name in names}
    unknown = sorted(name for name, target in targets.items() if target is None)
    _refuse(plugin, unknown, "leaves out what it finds", "Map each to a label of Osler's or 'O'.")
    return {name: target if isinstance(target, Label) else None for name, target in targets.items()}


def _name(output: str, given: Mapping[str, Target]) -> str:
    prefixed = _PREFIXED.fullmatch(output)
    return prefixed[2] if prefixed and output not in given else output


def _begins(output: str) -> bool:
    prefixed = _PREFIXED.fullmatch(output)
    return prefixed is not None and prefixed[1] in _BEGINS


def _own(name: str) -> Target | None:
    if name == OUTSIDE:
        return "O"
    return Label(name.upper()) if name.upper() in Label.__members__ else None


def _refuse(plugin: str, names: Sequence[str], what: str, remedy: str) -> None:
    if names:
        shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        raise ConfigError(f"The detector '{plugin}': its option for labels {what}: {shown}.", remedy=remedy)
