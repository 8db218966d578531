"""What `.ci/supply-chain` judges: licences, the bill of materials, the audit for known vulnerabilities.

Each command reads what a tool wrote, prints what it found and ends with 0 or 1; `audit` ends with 3 where nothing was
audited. Standard library only.

    supply_chain.py licences FOUND.json ALLOWED.toml
    supply_chain.py sbom SBOM.json VERSION REQUIREMENTS.lock
    supply_chain.py audit AUDIT.json
"""

import json
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

NOT_AUDITED = 3
VARYING = ("serialNumber", "timestamp")


def permitted(expression: str, allowed: Sequence[str]) -> bool:
    """Whether a licence expression is met by licences of the list alone. `A; B` of classifiers means both."""
    if expression in allowed:
        return True
    parts = re.split(r"([()]|\bAND\b|\bOR\b)", expression.replace(";", " AND "))
    rest = [part.strip() for part in parts if part.strip()]
    met = _any(rest, allowed)
    return met and not rest


def _any(words: list[str], allowed: Sequence[str]) -> bool:
    met = _all(words, allowed)
    while words and words[0] == "OR":
        words.pop(0)
        other = _all(words, allowed)
        met = met or other
    return met


def _all(words: list[str], allowed: Sequence[str]) -> bool:
    met = _one(words, allowed)
    while words and words[0] == "AND":
        words.pop(0)
        other = _one(words, allowed)
        met = met and other
    return met


def _one(words: list[str], allowed: Sequence[str]) -> bool:
    if not words:
        return False
    word = words.pop(0)
    if word != "(":
        return word in allowed
    met = _any(words, allowed)
    return bool(words) and words.pop(0) == ")" and met


def licences(found: Path, listed: Path) -> int:
    """Each package's licence is allowed, or excepted with a reason; each exception is used."""
    rules = tomllib.loads(listed.read_text(encoding="utf-8"))
    exceptions = dict(rules.get("exceptions", {}))
    allowed = list(rules["allowed"])
    packages = json.loads(found.read_text(encoding="utf-8"))
    faults = [] if packages else ["no package was found: nothing was looked at"]
    for package in packages:
        name = re.sub(r"[-_.]+", "-", package["Name"]).lower()
        exception = exceptions.pop(name, None)
        if (
            exception is not None
            and exception["licence"] == package["License"]
            and exception["reason"].strip()
        ):
            print(f"{package['Name']} {package['Version']}: {package['License']}, excepted")
        elif not permitted(package["License"], allowed):
            faults.append(f"{package['Name']} {package['Version']}: {package['License']} is not on the list")
    faults += [f"{name}: excepted, but not installed: take the exception away" for name in exceptions]
    print("\n".join(faults) or f"{len(packages)} packages, each under a licence of {listed}")
    return 1 if faults else 0


def sbom(file: Path, version: str, lock: Path) -> int:
    """Give Osler its version, sort, and see that all of the lock is there and nothing in it varies."""
    document = json.loads(file.read_text(encoding="utf-8"))
    root = document["metadata"]["component"]
    root |= {"version": version, "purl": f"pkg:pypi/osler@{version}"}
    file.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    text = file.read_text(encoding="utf-8")
    names = {re.sub(r"[-_.]+", "-", c["name"]).lower(): c["version"] for c in document["components"]}
    pins = re.findall(r"^([\w.-]+)==([\w.]+) *(;.*?)?\\$", lock.read_text(encoding="utf-8"), re.MULTILINE)
    always = {name: pinned for name, pinned, marker in pins if not marker}
    faults = [f"{name} {pinned} is not in it" for name, pinned in always.items() if names.get(name) != pinned]
    faults += [f"it holds a {word}, which varies" for word in VARYING if f'"{word}"' in text]
    faults += ["it names a file of this machine"] if "file://" in text else []
    faults += ["the lock has no entry"] if not always else []
    print("\n".join(faults) or f"{file}: {len(names)} components, CycloneDX {document['specVersion']}")
    return 1 if faults else 0


def audit(file: Path) -> int:
    """What pip-audit found. It says "no known vulnerabilities" also where it could ask nobody: told apart here."""
    try:
        packages = json.loads(file.read_text(encoding="utf-8"))["dependencies"]
    except (OSError, ValueError, KeyError):
        packages = []
    asked = [p for p in packages if "skip_reason" not in p]
    if not asked:
        print("not audited: the advisory service cannot be reached")
        return NOT_AUDITED
    faults = [f"{p['name']} {p['version']}: {v['id']}, fixed in {', '.join(v['fix_versions']) or 'no version'}"
              for p in asked for v in p["vulns"]]  # fmt: skip
    faults += [f"{p['name']}: not audited" for p in packages if "skip_reason" in p]
    print("\n".join(faults) or f"{len(asked)} packages, none with a known vulnerability")
    return 1 if faults else 0


def main(arguments: Sequence[str]) -> int:
    """See the module's docstring."""
    match list(arguments):
        case ["licences", found, listed]:
            return licences(Path(found), Path(listed))
        case ["sbom", file, version, lock]:
            return sbom(Path(file), version, Path(lock))
        case ["audit", file]:
            return audit(Path(file))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
