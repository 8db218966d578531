"""One engine over the benchmark, in a process of its own: `python engines.py NAME documents.jsonl out.jsonl passes`.

Writes predicted spans, then prints one JSON line: seconds to load, CPU seconds of each pass over all texts. Imports
nothing of Osler but in `osler_engine`, so that it runs in each peer's own environment. `NAME` is a key of ENGINES.
"""

import importlib
import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Found = Iterable[tuple[int, int]]
Engine = Callable[[str], Found]

# What a site writes for itself first: twenty usual patterns, each run over the whole text with `re`.
TWENTY = (
    r"\b\d{3}-\d{2}-\d{4}\b",
    r"\b\(?\d{3}\)?[-. ]?\d{3}[-. ]\d{4}\b",
    r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b",
    r"\bhttps?://[^\s<>\"]+|\bwww\.[^\s<>\"]+",
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
    r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b",
    r"\b(?:0?[1-9]|1[0-2])[/-](?:0?[1-9]|[12]\d|3[01])[/-](?:19|20)?\d{2}\b",
    r"\b(?:19|20)\d{2}-\d{2}-\d{2}\b",
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?\b",
    r"\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?,? \d{4}\b",
    r"(?i)(?<=mrn)[:# ]*[A-Z0-9-]{5,12}\b",
    r"(?i)(?:account|acct|encounter|visit|claim)\s*(?:no\.?|number|#|id)?[:# ]+[A-Z0-9-]*\d[A-Z0-9-]{3,}\b",
    r"(?i)(?:member|policy|group|subscriber|medicare|medicaid)\s*(?:id|no\.?|number|#)[:# ]+[A-Z0-9-]{5,}\b",
    r"(?i)\bnpi[:# ]*\d{10}\b|\bdea[:# ]*[A-Z]{2}\d{7}\b",
    r"(?i)(?:serial|s/n|sn|lot)\s*(?:no\.?|number|#)?[:# ]+[A-Z0-9-]*\d[A-Z0-9-]{3,}\b",
    r"\b[A-HJ-NPR-Z0-9]{17}\b",
    r"\b(?:9\d|1[01]\d)[- ]?(?:year|yr|y/?o)\b",
    r"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof)\.? [A-Z][a-z]+(?:[- ][A-Z][a-z]+)?\b",
    r"\b\d{1,5} (?:[NSEW]\.? )?[A-Z][a-z]+(?: [A-Z][a-z]+)? (?:St|Street|Ave|Rd|Road|Dr|Drive|Ln|Lane|Blvd|Way)\b",
    r"\b\d{5}(?:-\d{4})\b|\b[A-Z]{2} \d{5}\b",
)


def twenty_patterns() -> Engine:
    """The floor: TWENTY one by one with the standard library."""
    patterns = [re.compile(pattern) for pattern in TWENTY]
    return lambda text: [match.span() for pattern in patterns for match in pattern.finditer(text)]


def osler_engine(*, fast: bool) -> Engine:
    """Ours; `fast` with the small network."""
    deidentifier = importlib.import_module("osler.deid").Deidentifier
    engine = deidentifier.load(fast=fast)
    return lambda text: [(span.start, span.end) for span in engine.find(text)]


def presidio() -> Engine:
    """presidio-analyzer's predefined recognizers with its own no-op language engine: no model is loaded."""
    analyzer_module = importlib.import_module("presidio_analyzer")
    provider = importlib.import_module("presidio_analyzer.nlp_engine").NlpEngineProvider
    tldextract: Any = importlib.import_module("tldextract.tldextract")
    tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(
        suffix_list_urls=()
    )  # the list it carries, not the network's
    models = [{"lang_code": "en", "model_name": "no_op"}]
    language = provider(nlp_configuration={"nlp_engine_name": "no_op", "models": models}).create_engine()
    registry = analyzer_module.RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=language)
    analyzer = analyzer_module.AnalyzerEngine(
        registry=registry, nlp_engine=language, supported_languages=["en"]
    )
    return lambda text: [(hit.start, hit.end) for hit in analyzer.analyze(text=text, language="en")]


def scrubadub() -> Engine:
    """scrubadub with the detectors that it loads by itself."""
    scrubber = importlib.import_module("scrubadub").Scrubber()
    return lambda text: [(filth.beg, filth.end) for filth in scrubber.iter_filth(text)]


def datafog() -> Engine:
    """datafog's regex engine with all its entity types."""
    module = importlib.import_module("datafog")
    return lambda text: [(hit.start, hit.end) for hit in module.scan(text, engine="regex").entities]


def pydeid() -> Engine:
    """pyDeid, where the installed package of that name has its function; else an ImportError that says so."""
    try:
        module = importlib.import_module("pyDeid")
    except ModuleNotFoundError:
        empty = "what PyPI has under this name is an empty 0.0.1 of another project; GEMINI-Medicine's is not there"
        raise ImportError(empty) from None
    return lambda text: [(hit["phi_start"], hit["phi_end"]) for hit in module.deid_string(text)[0]]


ENGINES: dict[str, Callable[[], Engine]] = {
    "osler": lambda: osler_engine(fast=False),
    "osler --fast": lambda: osler_engine(fast=True),
    "20 patterns, re": twenty_patterns,
    "presidio-analyzer": presidio,
    "scrubadub": scrubadub,
    "pyDeid": pydeid,
    "datafog": datafog,
}


def _passes(engine: Engine, texts: list[str], count: int) -> list[float]:
    seconds = []
    for _ in range(count):
        began = time.process_time()
        for text in texts:
            engine(text)
        seconds.append(time.process_time() - began)
    return seconds


def main() -> None:
    """Run one engine; see the module's docstring."""
    logging.disable(logging.CRITICAL)
    name, source, out, passes = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()
    ]
    began = time.perf_counter()
    engine = ENGINES[name]()
    loaded = time.perf_counter() - began
    with out.open("w", encoding="utf-8") as sink:
        for line in lines:  # the first pass warms up and gives the predictions; it is not timed
            spans = [{"start": start, "end": end, "label": "PHI"} for start, end in engine(line["text"])]
            sink.write(json.dumps({"id": line["id"], "spans": spans}) + "\n")
    seconds = _passes(engine, [line["text"] for line in lines], passes)
    print(json.dumps({"load_s": round(loaded, 3), "passes_s": seconds}))


if __name__ == "__main__":
    main()
