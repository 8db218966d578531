"""Health plan beneficiary numbers: member, policy, group and Medicare numbers."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors import hl7
from osler.deid.detectors.keyed import Keyed
from osler.deid.tokens import fold

_MBI = re.compile(
    r"(?<![A-Za-z0-9])[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?"
    r"[AC-HJKMNP-RT-Y]{2}\d{2}(?![A-Za-z0-9])"
)
"""A Medicare Beneficiary Identifier by its published shape (CMS, 'Understanding the MBI format')."""

_MARK = r"(?:#|no\b\.?|nbr|num(?:ber)?|id(?:entifier)?|identification)"


class HealthPlanDetector:
    """HEALTH_PLAN: `Member ID: XYZ123456789`, `Policy #`, `Aetna W123456789`, an MBI by its shape."""

    name = "health_plan"

    def __init__(self) -> None:
        self._keyed = Keyed(
            self.name,
            Label.HEALTH_PLAN,
            rf"(?:member|membership|subscriber|beneficiary|enrollee|cardholder|insured|insurance"
            rf"|policy|group|grp"
            rf"|payer|payor|plan|certificate holder|coverage|medicare|medicaid|medi-cal|tricare)"
            rf"(?:['’]s)?[ _-]?(?:policy |group |member |beneficiary |plan |card |identification )?{_MARK}",
            r"(?:member|subscriber|policy|group|grp)(?= [a-z]{0,4}-?\d{5})",
            r"(?:hicn|mbi|rx ?bin|rx ?grp|rx ?group|rx ?pcn|policy)",
            digits=4,
        )
        self._payer = Keyed(
            self.name,
            Label.HEALTH_PLAN,
            r"(?:bcbs\w{0,4}|blue (?:cross|shield)(?: blue shield)?(?: of [a-z]{4,14})?|aetna|cigna"
            r"|humana|uhc|"
            r"united ?healthcare|kaiser(?: permanente)?|anthem|tricare|medicare|medicaid|medi-cal"
            r"|molina|centene|"
            r"health ?net|oscar|wellcare|amerigroup|ambetter)(?: (?:ppo|hmo|epo|pos|part [a-d]"
            r"|advantage|gold|silver))?"
            r"(?: (?:policy|member|plan|group|card|coverage))?",
            digits=6,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of plan numbers, labels left outside."""
        folded = fold(text)
        yield from self._keyed.find(text, folded=folded)
        yield from self._payer.find(text, folded=folded, score=0.85)
        for match in _MBI.finditer(text):
            yield Span(
                start=match.start(), end=match.end(), label=Label.HEALTH_PLAN, score=0.9, detector=self.name
            )
        yield from hl7.find(text, Label.HEALTH_PLAN, self.name)
