"""Checks of what a model says: against the record, the evidence, and what is known of drugs.

`Guard` runs the checks, `HoldBack` runs them on an answer as it streams by, `verdict` sums up. Text
and values in, findings out; no I/O. The checks stand in `checks/`, one file each.
"""

from osler.guardrails.guard import Guard
from osler.guardrails.holdback import HoldBack
from osler.guardrails.verdict import verdict

__all__ = ["Guard", "HoldBack", "verdict"]
