"""Work of `osler deid`."""

import sys
from collections import Counter
from pathlib import Path

from osler.app import config as configuration
from osler.app.configured import build_looking
from osler.cli.work.session import print_json, standard_input, utf8
from osler.core.errors import InputError, UnsupportedFormat
from osler.core.spans import SAFE_HARBOR
from osler.deid import Replacer

MODES = ("redact", "surrogate", "safe-harbor")


def text(*, file: str, mode: str, json: bool, config: Path | None) -> None:
    """Replace identifiers in one text; the summary goes to standard error, the text to standard output."""
    if mode not in MODES:
        raise InputError("--mode is not known.", remedy=f"Use one of {', '.join(MODES)}.")
    given = _read(file)
    deidentifier = build_looking(configuration.load(config))
    replacer = Replacer(deidentifier, known=(), transform=mode)  # type: ignore[arg-type]
    (replaced,) = replacer.apply([given])
    (spans,) = replacer.spans
    if json:
        print_json(
            {
                "text": replaced,
                "mode": mode,
                "spans": [
                    {
                        "start": s.start,
                        "end": s.end,
                        "label": s.label.value,
                        "score": s.score,
                        "detector": s.detector,
                    }
                    for s in spans
                ],
            }
        )
        return
    sys.stdout.write(replaced)
    if not replaced.endswith("\n"):
        sys.stdout.write("\n")
    tally = Counter(s.label for s in spans)
    found = ", ".join(f"{n} {label.value} ({SAFE_HARBOR[label]})" for label, n in sorted(tally.items()))
    print(f"\nFound: {found or 'no identifier'}.", file=sys.stderr)
    print(
        "Letters are those of 45 CFR 164.514(b)(2)(i). Automatic output is not thereby de-identified under "
        "164.514(b): the site determines that.",
        file=sys.stderr,
    )


def _read(file: str) -> str:
    try:
        decoded = standard_input() if file == "-" else utf8(Path(file).read_bytes(), "The input")
    except OSError as error:
        raise InputError(
            f"The file cannot be read ({type(error).__name__}).", remedy="Name a readable text file, or -."
        ) from None
    if "\x00" in decoded:
        raise UnsupportedFormat("The input is binary, not text.", remedy="Name a text file.")
    return decoded
