"""What varies in a note and is no identifier: drugs, findings, numbers, years, clock times, pronouns, states.

Much of it is chosen to look like an identifier: eponyms, scores, ratios, model numbers, codes of billing and of
laboratories. Makers of this module return text that gets no label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from generator.context import Context, Maker
from generator.kinds_dates import WEEKDAYS, number_words
from generator.random_text import chance, pick, shape, weighted
from generator.shapes import shaped
from generator.values import drug_names, states, values


def _doses(ctx: Context) -> str:
    rng = ctx.rng
    unit = pick(rng, values("clinical", "unit of dose"))
    amount = weighted(
        rng,
        (
            (
                6,
                pick(
                    rng,
                    (
                        "5",
                        "10",
                        "20",
                        "25",
                        "40",
                        "50",
                        "81",
                        "100",
                        "200",
                        "250",
                        "325",
                        "500",
                        "600",
                        "650",
                        "750",
                        "800",
                        "850",
                        "875",
                        "1,000",
                        "1000",
                    ),
                ),
            ),
            (2, f"{rng.randint(1, 60)}"),
            (
                1.5,
                pick(
                    rng,
                    ("0.5", "2.5", "12.5", "0.25", "1.25", "6.25", "0.125", "37.5", "7.5", "62.5", "112.5"),
                ),
            ),
            (0.5, f"{rng.randint(1, 3)}-{rng.randint(3, 5)}"),
            (0.4, "1/2"),
            (0.5, "5/325"),
            (0.3, "875/125"),
        ),
    )
    return f"{amount}{pick(rng, (' ', ' ', ' ', ''))}{unit}" if unit != "%" else f"{amount}%"


def _drug(ctx: Context) -> str:
    name = pick(ctx.rng, drug_names())
    if ctx.rng.random() < 0.85 and name[:1].islower():
        return name
    return weighted(ctx.rng, ((8, name), (1, name.capitalize()), (0.5, name.upper()), (1.5, name.lower())))


def _pressure(ctx: Context) -> str:
    rng = ctx.rng
    high = rng.randint(84, 212)
    text = f"{high}/{rng.randint(max(38, high // 2 - 15), min(128, high - 18))}"
    return text + pick(rng, ("", "", "", "", " mmHg", " (L arm)", " sitting"))


def _clock(ctx: Context) -> str:
    rng = ctx.rng
    hour, minute = rng.randint(0, 23), rng.randint(0, 59)
    twelve = hour % 12 or 12
    half = "am" if hour < 12 else "pm"
    return weighted(
        rng,
        (
            (5, f"{hour:02}{minute:02}"),
            (4, f"{hour:02}:{minute:02}"),
            (3, f"{twelve}:{minute:02} {half}"),
            (3, f"{twelve}:{minute:02} {half.upper()}"),
            (1.5, f"{twelve} {half}"),
            (1.5, f"{twelve}{half}"),
            (1, f"{twelve}:{minute:02}{half}"),
            (0.7, f"{hour:02}{minute:02}h"),
            (0.5, f"{twelve}:{minute:02} {half[0]}.m."),
            (0.5, pick(rng, ("noon", "midnight"))),
            (0.4, f"{hour:02}:{minute:02}:{rng.randint(0, 59):02}"),
            (0.3, f"{hour:02}{minute:02} hrs"),
            (0.5, f"{twelve} o'clock"),
            (0.3, f"half past {number_words(twelve)}"),
        ),
    )


def _vitals(ctx: Context) -> str:
    rng = ctx.rng
    celsius, beats, breaths, oxygen = (
        36 + rng.random() * 3,
        rng.randint(48, 138),
        rng.randint(10, 32),
        rng.randint(86, 100),
    )
    fahrenheit = celsius * 1.8 + 32
    bp = _pressure(ctx).split(" ")[0]
    return weighted(
        rng,
        (
            (4, f"T {fahrenheit:.1f}, HR {beats}, BP {bp}, RR {breaths}, SpO2 {oxygen}% on RA"),
            (3, f"BP {bp} HR {beats} RR {breaths} T {celsius:.1f} O2 {oxygen}%"),
            (2, f"VSS, afebrile, BP {bp}, pulse {beats}"),
            (2, f"Temp {fahrenheit:.1f} F | Pulse {beats} | Resp {breaths} | BP {bp} | SpO2 {oxygen}%"),
            (2, f"{fahrenheit:.1f} {beats} {bp} {breaths} {oxygen}%RA"),
            (1, f"vs: t{celsius:.1f} p{beats} r{breaths} {bp} sat {oxygen} 2L NC"),
            (
                1,
                f"Wt {rng.randint(42, 160)} kg, Ht {rng.randint(145, 198)} cm, BMI {rng.uniform(17, 46):.1f}, BP {bp}",
            ),
        ),
    )


def _ratio(ctx: Context) -> str:
    rng = ctx.rng
    return weighted(
        rng,
        (
            (3, f"{rng.randint(1, 9)}/10"),
            (2, f"{rng.randint(1, 5)}/5"),
            (1.5, f"1:{2 ** rng.randint(1, 10) * 5}"),
            (1.5, f"{rng.randint(1, 4)}:{rng.randint(1, 4)}"),
            (1, f"20/{pick(rng, (20, 25, 30, 40, 50, 70, 100, 200, 400))}"),
            (1, f"{rng.randint(0, 12)}/{rng.randint(12, 30)}"),
            (1, f"{rng.randint(1, 3)}+/4"),
            (1, f"{rng.randint(2, 29)}/30"),
            (1, f"I:E 1:{rng.randint(2, 4)}"),
            (0.7, f"{rng.randint(1, 20)}/{rng.randint(20, 60)} cores"),
            (0.7, f"{rng.randint(50, 90)}/{rng.randint(10, 45)}"),
        ),
    )


def _lab(ctx: Context) -> str:
    rng = ctx.rng
    text = pick(rng, values("clinical", "lab"))
    if chance(rng, 0.2):
        return text + pick(
            rng,
            (
                " (H)",
                " (L)",
                " H",
                " L",
                "*",
                " mg/dL",
                " mmol/L",
                " (ref 3.5-5.1)",
                " [0.6-1.3]",
                " (12.0-16.0)",
            ),
        )
    return text


def _years(ctx: Context) -> str:
    year = ctx.today.year
    if chance(ctx.rng, 0.55):
        year -= ctx.rng.randint(0, 12)
    else:
        year = ctx.rng.randint(1948, year)
    return f"{year}s" if chance(ctx.rng, 0.03) and year % 10 == 0 else str(year)


def _weekday(ctx: Context) -> str:
    name = pick(ctx.rng, WEEKDAYS)
    return weighted(ctx.rng, ((9, name), (0.7, name[:3]), (0.3, name.lower()), (0.3, name[:4] + ".")))


def _age(ctx: Context) -> str:
    return str(weighted(ctx.rng, ((8, ctx.rng.randint(18, 89)), (2, ctx.rng.randint(1, 17)))))


def _floor(ctx: Context) -> str:
    rng = ctx.rng
    number = rng.randint(1, 12)
    return pick(
        rng,
        (
            f"{number}",
            f"{number}th floor" if number > 3 else f"floor {number}",
            f"{number} {pick(rng, ('North', 'South', 'East', 'West'))}",
            f"{number}{pick(rng, 'ABCDEW')}",
        ),
    )


def _state(index: int) -> Maker:
    return lambda ctx: (
        next((s[index] for s in states() if s[1] == ctx.near_town().state), "Ohio" if index == 0 else "OH")
        if chance(ctx.rng, 0.85)
        else pick(ctx.rng, states())[index]
    )


def _listed(part: str) -> Maker:
    return lambda ctx: pick(ctx.rng, values("clinical", part))


def _bounds(argument: str) -> tuple[str, str]:
    """The two ends of 'LO-HI'; a leading minus belongs to the number."""
    cut = argument.index("-", 1)
    return argument[:cut].strip(), argument[cut + 1 :].strip()


def _number(ctx: Context, argument: str) -> str:
    low, high = _bounds(argument)
    return str(ctx.rng.randint(int(float(low)), int(float(high))))


def _decimal(ctx: Context, argument: str) -> str:
    low, high = _bounds(argument)
    places = max([1, *(len(end.split(".")[1]) for end in (low, high) if "." in end)])
    return f"{ctx.rng.uniform(float(low), float(high)):.{places}f}"


def _by_gender(female: str, male: str) -> Callable[[Context, str], str]:
    return lambda ctx, key: female if ctx.people[key or "p"].gender == "F" else male


def _gender_word(ctx: Context, key: str) -> str:
    female = ctx.people[key or "p"].gender == "F"
    return pick(
        ctx.rng,
        ("woman", "female", "F", "lady", "female") if female else ("man", "male", "M", "gentleman", "male"),
    )


def _gender_noun(ctx: Context, key: str) -> str:
    text = _gender_word(ctx, key)
    return {"F": "female", "M": "male"}.get(text, text)


def _title(ctx: Context, key: str) -> str:
    return weighted(ctx.rng, ((9, "Dr."), (1, "Dr"), (0.7, "Doctor"), (0.2, "DR.")))


KINDS: Mapping[str, Maker] = {
    "-age": _age,
    "-age_words": lambda c: number_words(int(_age(c)), pick(c.rng, ("-", " "))),
    "-year": _years,
    "-weekday": _weekday,
    "-time": _clock,
    "-drug": _drug,
    "-dose": _doses,
    "-freq": _listed("freq"),
    "-route": _listed("route"),
    "-dx": _listed("dx"),
    "-symptom": _listed("symptom"),
    "-procedure": _listed("procedure"),
    "-eponym": _listed("eponym"),
    "-lab_value": _lab,
    "-vitals": _vitals,
    "-bp": _pressure,
    "-ratio": _ratio,
    "-score": _listed("score"),
    "-state": _state(0),
    "-state_abbr": _state(1),
    "-country": _listed("country"),
    "-model_no": lambda c: shaped(c.rng, "model") if chance(c.rng, 0.95) else shape(c.rng, "@##-#"),
    "-specialty": _listed("specialty"),
    "-unit": _listed("unit"),
    "-floor": _floor,
    "-room": lambda c: pick(
        c.rng,
        (
            str(c.rng.randint(1, 40)),
            str(c.rng.randint(100, 999)),
            f"{c.rng.randint(1, 9)}{pick(c.rng, 'ABCD')}",
        ),
    ),
}
WITH_ARGUMENT: Mapping[str, Callable[[Context, str], str]] = {
    "-num": _number,
    "-dec": _decimal,
    "-word": lambda c, options: pick(c.rng, options.split("|")),
    "-title": _title,
    "-cred": lambda c, key: c.people[key or "d1"].credential or "MD",
    "-he": _by_gender("she", "he"),
    "-him": _by_gender("her", "him"),
    "-his": _by_gender("her", "his"),
    "-He": _by_gender("She", "He"),
    "-Him": _by_gender("Her", "Him"),
    "-His": _by_gender("Her", "His"),
    "-himself": _by_gender("herself", "himself"),
    "-gender": _gender_noun,
    "-sex": _by_gender("F", "M"),
    "-mr": lambda c, key: (
        c.people[key or "p"].title if chance(c.rng, 0.85) else c.people[key or "p"].title.rstrip(".")
    ),
    "-man": _by_gender("woman", "man"),
    "-son": _by_gender("daughter", "son"),
}
