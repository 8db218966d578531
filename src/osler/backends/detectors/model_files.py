"""A model's files, each pinned by its SHA-256. What was checked is what is loaded.

The pinned files, and no others, are copied into a private folder while their digests are taken; the model is loaded
from there. So a file that changes meanwhile, or one beside the pinned ones, has no part in it.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from osler.core.errors import ConfigError

_BLOCK = 1 << 20
_RUNS_CODE = re.compile(r"\.(bin|pt|pth|ckpt|pkl|pickle|h5|msgpack|joblib|py|so)$")


@contextmanager
def pinned(plugin: str, folder: str, sha256: Mapping[str, str]) -> Iterator[Path]:
    """A private folder that holds the pinned files while the context lasts. ConfigError names the file at fault."""
    with TemporaryDirectory(prefix="osler-model-", ignore_cleanup_errors=True) as private:
        for name, digest in sorted(sha256.items()):
            copy = Path(private, name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                found = _copied(Path(folder, name), copy)
            except OSError as error:
                raise ConfigError(
                    f"The detector '{plugin}' cannot read its file '{name}' ({type(error).__name__}).",
                    remedy="Check the options `path` and `sha256`; relative paths count from where Osler is started.",
                ) from None
            if found != digest.lower():
                raise ConfigError(
                    f"The detector '{plugin}' refuses its file '{name}': its SHA-256 is not the pinned one.",
                    remedy="Find out why it changed; when it is the one you want, pin what `sha256sum` says of it.",
                )
        yield Path(private)


def require(plugin: str, sha256: Mapping[str, str], *names: str) -> None:
    """Refuse pins without the files that every model of the kind has."""
    for name in names:
        if name not in sha256:
            raise ConfigError(
                f"The detector '{plugin}' needs the file '{name}', which its option `sha256` does not pin.",
                remedy="Pin every file that is to be loaded: NAME = what `sha256sum NAME` says.",
            )


def require_safetensors(plugin: str, sha256: Mapping[str, str]) -> None:
    """Refuse files that can run code when they are loaded, and pins without any weights."""
    for name in sha256:
        if _RUNS_CODE.search(name.lower()):
            raise ConfigError(
                f"The detector '{plugin}' does not load '{name}': files of that kind may run code when loaded.",
                remedy="Save the model with save_pretrained(folder, safe_serialization=True) and pin *.safetensors.",
            )
    if not any(name.endswith(".safetensors") for name in sha256):
        raise ConfigError(
            f"The detector '{plugin}' has no weights: its option `sha256` pins no *.safetensors file.",
            remedy="Save the model with save_pretrained(folder, safe_serialization=True) and pin what comes of it.",
        )


def settings(plugin: str, file: Path) -> dict[str, Any]:
    """A pinned JSON file's object. ConfigError when it is none."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ConfigError(
            f"The detector '{plugin}': its file '{file.name}' is no JSON object.",
            remedy="Fetch the model's folder again.",
        )
    return found


def _copied(source: Path, copy: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as reading, copy.open("xb") as writing:
        while block := reading.read(_BLOCK):
            digest.update(block)
            writing.write(block)
    return digest.hexdigest()
