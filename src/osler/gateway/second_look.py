"""The second lock of step 5: nothing leaves in which a known identifier still stands.

It shares nothing with the detectors. It reads what would be sent, encodings too, and looks for each identifier that is
known: of the request, of the patient's record, of everybody else in the workspace.
"""

import re
from collections.abc import Sequence

from osler.core.errors import PolicyRefused
from osler.core.models import Place
from osler.core.spans import Span
from osler.deid import Replacer
from osler.deid.roster import Roster
from osler.gateway.parts import Parts
from osler.gateway.policy import Decision
from osler.gateway.router import Target

_PIXELS = re.compile(r"data:image/[a-z0-9.+-]{1,20};base64,[A-Za-z0-9+/=]*", re.IGNORECASE)


class SecondLook:
    """One per process; keeps nothing of a request."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def roster(self) -> Roster | None:
        """Everybody in the workspace; None where there is nobody."""
        roster = self._parts.roster() if self._parts.roster is not None else None
        return roster if roster is not None and len(roster) else None

    def require_readable(
        self, hidden: Sequence[Sequence[Span]], targets: Sequence[Target], decision: Decision
    ) -> None:
        """Raise PolicyRefused where identifiers stand in an encoding in a text that may not leave as it is."""
        if targets[0].transform != "none" and any(hidden):
            raise _refused(
                "identifiers in an encoding (base64, percent signs, …), which cannot be replaced there",
                decision,
            )

    def require_clean(
        self,
        body: str,
        replacer: Replacer,
        targets: Sequence[Target],
        decision: Decision,
        *,
        roster: Roster | None,
        published: Sequence[str] = (),
    ) -> None:
        """Raise PolicyRefused where an identifier stands in `body`, JSON as it would be sent.

        What stands in `published` does not count there. Where text may leave as it is, it may hold identifiers: then
        only what nobody found in a request without PHI is looked for, and only where it leaves the house.
        """
        if targets[0].transform == "none":
            inside = all(t.destination.place is Place.ON_PREMISES for t in targets)
            if roster is None or inside or decision.facts.counts_as_phi:
                return
        standing = self._parts.outbound(replacer, roster).scan(
            _PIXELS.sub("", body).encode(), allowed=published
        )
        if standing:
            kinds = ", ".join(f"{count} {label}" for label, count in sorted(standing.items()))
            raise _refused(f"identifiers that were not replaced ({kinds})", decision)


def _refused(what: str, decision: Decision) -> PolicyRefused:
    return PolicyRefused(
        f"The outbound check found {what}; nothing was sent.",
        remedy="Reword the request, or report the kinds: the detector needs a rule for them.",
        decision=decision.to_json(),
    )
