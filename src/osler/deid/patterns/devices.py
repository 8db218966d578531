"""Device identifiers: serial numbers by label, GS1 and HIBCC device identifiers, IMEIs."""

from osler.core.spans import Label
from osler.deid.patterns import checksums
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, clear_before, compiled, mark, number

_GS1 = compiled(r"\(01\) ?\d{14}(?: ?\(\d{2}\) ?[!-'*-z]{1,20}){0,5}")
_GS1_PLAIN = compiled(r"01\d{14}(?:1[17]\d{6})?(?:(?:10|21)[a-z0-9-]{2,20})?(?!\w)")
_HIBCC = compiled(r"\+[a-z][a-z0-9]{9,30}(?:/\$?\$?[a-z0-9+./-]{2,40})?")
_IMEI = compiled(r"(\d\d)[- ]?(\d{6})[- ]?(\d{6})[- ]?(\d)(?![\w]|-\d)")


def _hit(start: int, end: int, score: float) -> Hit:
    return start, end, Label.DEVICE, score, "devices"


def gs1(page: Page, s: int, run_end: int) -> Hit | None:
    """A unique device identifier in GS1 form: device part (01), then date, lot and serial parts."""
    match = _GS1.match(page.low, s)
    return _hit(s, match.end(), 0.97) if match else None


def hibcc(page: Page, s: int, run_end: int) -> Hit | None:
    """A unique device identifier in HIBCC form, `+A123BJC5D6E71G/$$…`."""
    match = _HIBCC.match(page.low, s)
    if match is None or b"/" not in match[0] or not clear_before(page.low, s):
        return None
    return _hit(s, match.end(), 0.85)


def imei(page: Page, s: int, run_end: int) -> Hit | None:
    """An IMEI of 15 digits by its Luhn digit; GS1 identifiers without brackets."""
    if not clear_before(page.low, s):
        return None
    match = _IMEI.match(page.low, s)
    issued = match is not None and match[1] in (b"35", b"86", b"01", b"99", b"49", b"44")
    if match and issued and checksums.luhn(b"".join(match.groups()).decode("ascii")):
        return _hit(s, match.end(), 0.94)
    match = _GS1_PLAIN.match(page.low, s)
    return _hit(s, match.end(), 0.9) if match and match.end() - s > 20 else None


RULES = (
    mark(r"\(01\) ?\d{14}", gs1, b"("),
    mark(r"\+[a-z]\d[a-z0-9]{5,30}/\$", hibcc, b"+"),
    number(r"\b\d\d[- ]?\d{6}[- ]?\d{6}[- ]?\d\b|\b01\d{14}1[17]\d{6}", imei, (2, *range(15, 41))),
)

_THING = (
    r"(?:device|implant|implanted device|pacemaker|icd|aicd|generator|leads?|pump|insulin pump"
    r"|sensor|cgm|meter|glucometer|monitor|transmitter|stimulator|neurostimulator|prosthesis"
    r"|prosthetic"
    r"|hardware|equipment|ventilator|cpap|bipap|ilr|loop recorder|asset|stent|valve|graft|catheter"
    r"|port|machine|scope|endoscope|hearing aid|cochlear implant|wheelchair|monitor unit|watch"
    r"|defibrillator|lvad|vns|concentrator)"
)

KEYS = (
    Keys(
        label=Label.DEVICE,
        detector="devices",
        score=0.95,
        bare=3,
        marked=3,
        strong=r"serial(?: (?:numbers?|num|code|ids?))?s?|ser(?: no)?|s/n|sn|udi(?:-di|-pi)?|imei|meid|esn"
        r"|lot/serial|lot/sn|serial/lot"
        rf"|{_THING} (?:serial(?: number)?|s/n|sn|ids?|identifiers?|num(?:ber)?|tag|udi)|lot "
        r"num(?:ber)?|lot and serial(?: numbers?)?|unique device identifier"
        r"|device identifier|production identifier|mac address|asset tag|manufacturer serial|implant lot",
        weak=rf"lots?|{_THING}|scope|thymatron|machine|rig|tablet|laptop|chromebook|ipad|modem|router"
        r"|bike|strap|hr strap|telemetry box|telemetry|cart|probe|transducer|coil|laser|drill"
        r"|reader|logger|mask|humidifier|blower|compressor|walker|scooter|van lift|lift|hoyer"
        r"|implants?|screws?|cage|rod|liner|cup|femoral|tibial|insert|mesh|clip|filter|balloon"
        r"|sheath|electrode|battery|charger|remote|handset|controller|programmer|kit lot|vaccine "
        r"lot|vial lot|strip lot|sensor lot|pump lot|di|pi|hwid|asset|device model serial|batch",
    ),
)
