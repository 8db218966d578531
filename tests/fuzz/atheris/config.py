"""osler.toml: a Config, or a ConfigError that names the place and holds no value."""

import tomllib
from collections.abc import Iterator

from fuzz_oracle import CANARY, holds_trace, value_or_refusal

from osler.app.config import parse
from osler.app.places import Origin
from osler.core.errors import ConfigError

TOKENS = (
    "[server]", "[destinations.a]", "[[rules]]", "[[tests]]", "[deid]", "[knowledge]", "[guardrails]", "[stores]",
    'use = "openai_wire"', 'location = "on-premises"', 'models.m = { id = "m" }', "baa = {", "when = { phi = true }",
    'allow = ["*"]', "auth = { env = ", "{ file = ", "port = ", "= true", "= 1e999", "= nan", "= 0x7f", "= []", "= {}",
    "= 2026-01-31", "= 2026-01-31T00:00:00Z", "= 07:32:00", '"""', "'''", '["a"]',
)  # fmt: skip
WHOLE = f"""
[server]
host = "127.0.0.1"
port = 8080
keys = "required"

[destinations.ward]
use = "openai_wire"
url = "http://127.0.0.1:8000/v1"
location = "private-cloud"
region = "eu"
auth = {{ env = "{CANARY}" }}
baa = {{ party = "{CANARY}", services = ["chat"], regions = ["eu"], signed = 2026-01-01, expires = 2027-01-01 }}
accepts = {{ deidentified = "redact", determination = "{CANARY}", owner = "x", until = 2027-01-01 }}
timeout_s = 30.5
options = {{ connect_timeout_s = 2 }}
models.m = {{ id = "{CANARY}", kind = "chat", context = 8192, price_in = 0.5 }}

[[rules]]
name = "r"
when = {{ phi = true, purpose = ["treatment"] }}
allow = ["ward"]
transform = "surrogate"
prefer = "cost"

[[tests]]
request = {{ text = "{CANARY}", patient = true }}
expect = {{ destination = ["ward"], transform = "surrogate" }}

[deid]
engine = "fast"
allow = ["{CANARY}"]
keep = ["DATE"]
deny = [{{ label = "NAME", values = ["{CANARY}"] }}]
patterns = [{{ name = "p", label = "MRN", expression = "[0-9]+" }}]

[knowledge]
readers = ["fhir"]
starter = false

[guardrails]
checks = ["allergy"]
on_block = "flag"

[stores]
vault_key = {{ file = "{CANARY}" }}
"""


def seeds() -> Iterator[bytes]:
    """Every table once, and files with one thing wrong, the canary where the value stands."""
    yield WHOLE.encode()
    yield f'[server]\nport = "{CANARY}"\n'.encode()
    yield f'[deid]\nengine = "{CANARY}"\nkeep = ["{CANARY}"]\n'.encode()
    yield f'[destinations.a]\nlocation = "{CANARY}"\nmodels.m = {{ id = 7 }}\n'.encode()
    yield f'x = "{CANARY}'.encode()
    yield b"[a.b.c.d]\ne.f.g = [[[{h = 1}]]]\n"


def one(data: bytes) -> None:
    """One input."""
    text = data.decode("utf-8", "replace")
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError):  # load() words these itself; test_fuzz_config holds it to that
        return
    if any(holds_trace(key) for key in _keys(table)):
        return  # an error names the keys that it is about: what is written as one is no value
    value_or_refusal(lambda: parse(table, Origin(name="osler.toml", text=text)), ConfigError)


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)
