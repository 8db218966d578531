"""How `.ci/supply-chain` judges: a licence that is not allowed, a part that is missing, an audit that asked nobody."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

CI = Path(__file__).parents[2] / ".ci"
ALLOWED = ["MIT", "Apache-2.0", "BSD License", "Apache Software License"]


def _load() -> ModuleType:
    specification = importlib.util.spec_from_file_location("supply_chain", CI / "supply_chain.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


judge = _load()


@pytest.mark.parametrize(
    ("expression", "met"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("UNKNOWN", False),
        ("", False),
        ("MIT AND Apache-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only OR LGPL-3.0-only", False),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("MIT AND (GPL-3.0-only AND Apache-2.0)", False),
        ("(MIT", False),
        ("MIT)", False),
        ("MIT AND", False),
        ("MIT Apache-2.0", False),
        ("Apache Software License; BSD License", True),
        ("Apache Software License; GNU General Public License (GPL)", False),
        ("Apache-2.0 WITH LLVM-exception", False),
    ],
)
def test_licence_expressions(expression: str, met: bool) -> None:
    assert judge.permitted(expression, ALLOWED) is met


def write(folder: Path, name: str, content: object) -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


RULES = '[allowed]\nMIT = "x"\n[exceptions.odd-one]\nlicence = "LGPL-3.0-only"\nreason = "because"\n'
ODD = {"Name": "odd_one", "Version": "1", "License": "LGPL-3.0-only"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([{"Name": "a", "Version": "1", "License": "MIT"}, ODD], 0, "2 packages"),
        ([{"Name": "a", "Version": "1", "License": "GPL"}, ODD], 1, "a 1: GPL is not on the list"),
        ([{**ODD, "License": "GPL"}], 1, "odd_one 1: GPL is not on the list"),
        ([{"Name": "a", "Version": "1", "License": "MIT"}], 1, "odd-one: excepted, but not installed"),
        ([], 1, "no package was found"),
    ],
)
def test_licences(
    packages: Any, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge.licences(write(tmp_path, "f.json", packages), write(tmp_path, "r.toml", RULES)) == code
    assert said in capsys.readouterr().out


def bill(**more: object) -> dict[str, Any]:
    parts = [{"name": "Click", "version": "8.1"}, {"name": "numpy", "version": "2.0"}]
    return {"specVersion": "1.6", "metadata": {"component": {"name": "osler"}}, "components": parts, **more}


LOCK = (
    "click==8.1 \\\n    --hash=sha256:0\nnumpy==2.0 ; python_full_version < '3.12' \\\n    --hash=sha256:0\n"
)


@pytest.mark.parametrize(
    ("document", "lock", "said"),
    [
        (bill(), LOCK, ""),
        (bill(), LOCK.replace("8.1", "8.2"), "click 8.2 is not in it"),
        (bill(serialNumber="urn:uuid:1"), LOCK, "it holds a serialNumber, which varies"),
        (bill(x="file:///work/a.whl"), LOCK, "it names a file of this machine"),
        (bill(), "", "the lock has no entry"),
    ],
)
def test_bill_of_materials(
    document: Any, lock: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, "s.json", document)
    assert judge.sbom(file, "1.2", write(tmp_path, "l", lock)) == (1 if said else 0)
    assert said in capsys.readouterr().out
    assert json.loads(file.read_text())["metadata"]["component"]["version"] == "1.2"


FINE = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
UNASKED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("found", "code", "said"),
    [
        ({"dependencies": [FINE]}, 0, "1 packages, none with a known vulnerability"),
        ({"dependencies": [FINE, BAD]}, 1, "b 2: PYSEC-1, fixed in 3"),
        ({"dependencies": [FINE, UNASKED]}, 1, "c: not audited"),
        ({"dependencies": [UNASKED]}, 3, "not audited: the advisory service cannot be reached"),
        ({"dependencies": []}, 3, "not audited"),
        ("no JSON", 3, "not audited"),
    ],
)
def test_audit(found: Any, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge.audit(write(tmp_path, "a.json", found)) == code
    assert said in capsys.readouterr().out


def test_an_audit_that_wrote_nothing_is_none(tmp_path: Path) -> None:
    assert judge.audit(tmp_path / "never-written.json") == judge.NOT_AUDITED
