"""Work of `osler config`."""

from pathlib import Path

from osler.app import checking
from osler.app import config as configuration
from osler.app.config import Config
from osler.cli.work.session import print_json


def check(*, json: bool, config: Path | None) -> None:
    """Everything that can be checked without opening a workspace or calling anyone."""
    path = configuration.find(config)
    loaded = configuration.load(config)
    tests = checking.check(loaded)
    if json:
        print_json(
            {"ok": True, "file": str(path) if path else None, "tests": tests, "digest": loaded.digest()}
        )
        return
    what = f"{path} is" if path else "There is no osler.toml here; the embedded defaults are"
    print(f"{what} in order; {tests} rule tests pass.")
    print(f"Configuration {loaded.digest()}")


def show(*, json: bool, config: Path | None) -> None:
    """The configuration in force."""
    loaded = configuration.load(config)
    if json:
        print_json(loaded.model_dump(mode="json", exclude_none=True))
        return
    path = configuration.find(config)
    print(f"# in force: {path or 'embedded defaults, no osler.toml here'}")
    print("\n".join(_toml(loaded.model_dump(mode="json", exclude_none=True))))


def schema() -> None:
    """The JSON Schema."""
    print_json(Config.model_json_schema())


def _toml(table: dict[str, object], path: str = "") -> list[str]:
    """A table as TOML. Written here because the standard library only reads TOML, and the values are plain."""
    lines = [] if not path else [f"[{path}]"]
    lines += [f"{_key(k)} = {_value(v)}" for k, v in table.items() if not _is_table(v)]
    if lines == [f"[{path}]"] and any(_is_table(v) for v in table.values()):
        lines = []
    for key, value in table.items():
        inner = f"{path}.{_key(key)}" if path else _key(key)
        if isinstance(value, dict) and value:
            lines += ["", *_toml(value, inner)]
        elif _is_table(value) and isinstance(value, list):
            for item in value:
                lines += ["", f"[[{inner}]]", *(f"{_key(k)} = {_value(v)}" for k, v in item.items())]
    return lines


def _is_table(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(v, dict) for v in value)
    return isinstance(value, dict) and bool(value)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _value(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }" if value else "{}"
        )
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n") + '"'
