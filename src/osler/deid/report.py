"""A small account of what was found: counts per kind and the paragraph of the Safe Harbor rule. Holds no PHI."""

from collections.abc import Iterable

from osler.core.spans import SAFE_HARBOR, Label, Span, counts


def summary(spans: Iterable[Span]) -> dict[str, dict[str, int | str]]:
    """Label name to `{"count", "rule"}`, the rule being its paragraph in 45 CFR 164.514(b)(2)(i)."""
    return {
        name: {"count": count, "rule": f"164.514(b)(2)(i)({SAFE_HARBOR[Label(name)]})"}
        for name, count in counts(spans).items()
    }
