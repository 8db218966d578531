"""Health plan beneficiary numbers: member, policy, group, Medicare and Medicaid numbers."""

from osler.core.spans import Label
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import LETTERS, Hit, clear_before, compiled, number

_MBI_LETTER = "[ac-hjkmnp-rt-y]"
_MBI_EITHER = "[ac-hjkmnp-rt-y0-9]"
_MBI_SHAPE = rf"[1-9]{_MBI_LETTER}{_MBI_EITHER}\d[- ]?{_MBI_LETTER}{_MBI_EITHER}\d[- ]?{_MBI_LETTER}{{2}}\d\d"
_MBI = compiled(_MBI_SHAPE + r"(?![\w])")


def mbi(page: Page, s: int, run_end: int) -> Hit | None:
    """A Medicare Beneficiary Identifier by its shape (CMS, 'Understanding the MBI format')."""
    match = _MBI.match(page.low, s)
    if match is None or not clear_before(page.low, s, b"./-_"):
        return None
    return s, match.end(), Label.HEALTH_PLAN, 0.93, "health_plan"


RULES = (number(rf"\b{_MBI_SHAPE}\b", mbi, (1,), LETTERS),)

_PAYER = (
    r"bcbs(?: of [a-z]{4,14})?|blue (?:cross|shield)(?:(?: and)? blue shield)?(?: of [a-z]{4,14})?"
    r"|aetna|cigna|humana|uhc|united ?health ?care"
    r"|kaiser(?: permanente)?|anthem|tricare|medicare|medicaid|medi-?cal|masshealth|molina|centene"
    r"|health ?net|oscar|wellcare"
    r"|amerigroup|ambetter|champva|chip|ohip|geisinger health plan|highmark|premera|emblem ?health"
    r"|fidelis|optima health"
)
_ROLE = (
    r"(?:policy|member|plan|group|card|coverage|subscriber|beneficiary|insurance|health|medicare"
    r"|medicaid|part [a-d]|advantage|ppo|hmo|epo|pos)"
)

KEYS = (
    Keys(
        label=Label.HEALTH_PLAN,
        detector="health_plan",
        score=0.94,
        bare=5,
        marked=3,
        strong=rf"(?:{_PAYER})(?: {_ROLE}){{0,2}}"
        r"|mbi|hicn|hic|medicare beneficiary|rx ?grp|rx ?group|ohip|phn|ramq|ehic|dbn|dod benefits"
        r"|(?:member(?:ship)?|subscriber|beneficiary|enrollee|cardholder|insured|insurance|policy"
        r"|policyholder|policy ?holder|group|grp|plan|health plan"
        r"|health card|insurance card|insurance policy|insurance member|insurance group|plan member"
        r"|payer|payor|coverage|health insurance|medical card|benefit)'?s? (?:ids?|num(?:ber)?)"
        r"|member|subscriber|policy|group|grp",
        weak=r"membership|beneficiary|enrollee|cardholder|insured|insurance|policyholder|policy ?holder"
        r"|plan|health plan|payer|payor|coverage"
        r"|health card|insurance card|medical assistance|health insurance|contract|recipient"
        r"|insurance policy|ins|primary insurance|secondary insurance"
        r"|hmo|ppo|medical card|card holder|case benefit|personal health|benefits?|prior "
        r"auth(?:orization)?|primary|secondary|tertiary|ins card|sub|dep|grp|vic|vic card|vic crd"
        r"|mcts|kv-?nr|kv|krankenkasse|bupa|cover|old card|new card|payer id|ppo|hmo|epo|insurance "
        r"is|pays",
    ),
)
