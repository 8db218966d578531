"""Ways to reach somebody: telephone and fax numbers, e-mail, web addresses, network addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.accents import plain
from generator.context import Context, Maker
from generator.kinds_dates import number_words
from generator.people import END, IDENTIFIER, Person
from generator.random_text import chance, digits, pick, shape, weighted
from generator.shapes import shaped
from generator.values import values

_SHAPES = (
    "({a}) {b}-{c}",
    "{a}-{b}-{c}",
    "{a}.{b}.{c}",
    "{a} {b} {c}",
    "({a}){b}-{c}",
    "{a} {b}-{c}",
    "+1 {a}-{b}-{c}",
    "1-{a}-{b}-{c}",
    "{a}/{b}-{c}",
    "+1 ({a}) {b}-{c}",
    "{a}{b}{c}",
    "+1{a}{b}{c}",
    "1.{a}.{b}.{c}",
    "({a}) {b} {c}",
    "{a}- {b}-{c}",
    "1 ({a}) {b}-{c}",
    "{a}-{b}.{c}",
    "001-{a}-{b}-{c}",
    "{a}–{b}–{c}",
    "({a})-{b}-{c}",
    "1 {a} {b} {c}",
    "{a} - {b} - {c}",
    "tel:+1-{a}-{b}-{c}",
)
_USUAL = (14, 14, 6, 3, 2, 3, 1.5, 2, 1, 1, 2, 0.7, 0.5, 1.5, 0.3, 0.7, 0.3, 0.3, 0.3, 0.6, 0.3, 0.4, 0.15)


def _area(ctx: Context) -> str:
    codes = ctx.town.area_codes
    return (
        pick(ctx.rng, codes)
        if codes and codes[0] and chance(ctx.rng, 0.5)
        else shape(ctx.rng, "&##").replace("1", "2", 1)
    )


def _numbers(ctx: Context) -> tuple[str, str, str]:
    exchange = "555" if chance(ctx.rng, 0.18) else str(ctx.rng.randint(200, 999))
    line = shape(ctx.rng, "01##") if exchange == "555" and chance(ctx.rng, 0.5) else shape(ctx.rng, "####")
    return _area(ctx), exchange, line


def phone(ctx: Context) -> str:
    """A North American number in the document's usual shape, or another."""
    index = ctx.habits.phone_shape % 40
    if index >= len(_SHAPES) or not chance(ctx.rng, 0.55):
        index = weighted(ctx.rng, tuple(zip(_USUAL, range(len(_SHAPES)), strict=True)))
    a, b, c = _numbers(ctx)
    return _SHAPES[index].format(a=a, b=b, c=c)


def _dots(ctx: Context) -> str:
    return ".".join(_numbers(ctx))


def _bare(ctx: Context) -> str:
    return ("1" if chance(ctx.rng, 0.1) else "") + "".join(_numbers(ctx))


def _seven(ctx: Context) -> str:
    _, b, c = _numbers(ctx)
    return b + weighted(ctx.rng, ((8, "-"), (1, " "), (1, "."), (0.5, ""))) + c


def _with_extension(ctx: Context) -> str:
    word = pick(
        ctx.rng,
        (" x", " ext ", " ext. ", ", ext ", " x ", " Ext. ", " extension ", "x", ", x", " Ext: ", " EXT "),
    )
    return phone(ctx) + word + digits(ctx.rng, 2, 5)


def _extension(ctx: Context) -> str:
    pattern = weighted(
        ctx.rng, ((7, "&###"), (5, "&####"), (2, "&##"), (1, "&-####"), (0.5, "x####"), (0.4, "*####"))
    )
    return shape(ctx.rng, pattern)


def _pager(ctx: Context) -> str:
    pattern = weighted(
        ctx.rng,
        (
            (5, "&####"),
            (4, "&###"),
            (1, "&#####"),
            (1, "#####"),
            (0.6, "p&####"),
            (0.6, "&##-####"),
            (0.5, "x&####"),
        ),
    )
    return phone(ctx) if chance(ctx.rng, 0.15) else shape(ctx.rng, pattern)


def _digit_words(ctx: Context, text: str) -> str:
    zero = pick(ctx.rng, ("zero", "oh", "o"))
    words = [zero if d == "0" else number_words(int(d)) for d in text]
    return " ".join(words)


def _spoken(ctx: Context) -> str:
    """Digits read aloud, in groups, sometimes with pauses, tens, or figures with blanks."""
    a, b, c = _numbers(ctx)
    way = ctx.rng.random()
    if way < 0.16:
        return f"{a} {b} {c}"
    if way < 0.24:
        return " ".join(a + b + c)
    last = _digit_words(ctx, c)
    if way < 0.45 and c[0] != "0" and c[2] not in "01":
        last = f"{number_words(int(c[:2]), ' ')} {number_words(int(c[2:]), ' ')}"
    groups = [_digit_words(ctx, b), last]
    if way > 0.33:
        groups.insert(0, _digit_words(ctx, a))
    return pick(ctx.rng, (" ", " ", " ", ", ", " - ")).join(groups)


def handle(ctx: Context, person: Person) -> str:
    """A login or the local part of an address, out of a person's name."""
    rng = ctx.rng
    first = re.sub(r"[^a-z]", "", plain(person.given).lower()) or "pat"
    last = re.sub(r"[^a-z]", "", plain(person.surname or person.given).lower()) or "lee"
    nick = re.sub(r"[^a-z]", "", plain(person.nick).lower()) or first
    number = pick(
        rng,
        (
            "",
            str(rng.randint(1, 99)),
            f"{rng.randint(40, 99)}",
            str(rng.randint(1940, 2009)),
            f"{rng.randint(1, 9)}",
        ),
    )
    return weighted(
        rng,
        (
            (6, f"{first}.{last}"),
            (5, first[0] + last),
            (3, f"{first}{last}{number}"),
            (3, f"{first}_{last}{number}"),
            (2, last + first[0]),
            (2, f"{first[0]}.{last}"),
            (1.5, f"{last}.{first}"),
            (2, nick + number),
            (1, f"{first[0]}{last}{number}"),
            (1, f"{last}{number}"),
            (1, f"{nick}{pick(rng, values('web_words', 'hobby'))}{number}"),
            (0.7, f"{pick(rng, values('web_words', 'hobby'))}{number}"),
            (0.7, f"{first}-{last}"),
            (0.7, f"the.real.{nick}"),
            (0.5, f"{last[:5]}{first[:2]}"),
        ),
    )


def domain(ctx: Context) -> str:
    """A domain of an organisation, such as mercyvalleyhealth.org."""
    rng = ctx.rng
    first = re.sub(
        r"[^a-z]",
        "",
        plain(
            pick(
                rng,
                (
                    ctx.town.city,
                    pick(rng, values("place_words", "feature")),
                    pick(rng, values("place_words", "saint")),
                ),
            )
        ).lower(),
    )
    middle = pick(rng, values("web_words", "organisation"))
    ending = pick(rng, ("org", "com", "org", "edu", "net", "health", "gov", "care", "us"))
    return f"{first or 'north'}{pick(rng, ('', '', '-'))}{middle}.{ending}"


def _cased_address(ctx: Context, text: str) -> str:
    return weighted(ctx.rng, ((9, text), (0.5, text.upper()), (0.7, text.title())))


def _email(ctx: Context) -> str:
    host = pick(ctx.rng, values("web_words", "mail")) if chance(ctx.rng, 0.85) else domain(ctx)
    return _cased_address(ctx, f"{handle(ctx, ctx.somebody())}@{host}")


def _email_work(ctx: Context) -> str:
    rng = ctx.rng
    local = pick(rng, values("web_words", "desk")) if chance(rng, 0.15) else handle(ctx, ctx.somebody())
    sub = pick(rng, ("", "", "", "", "mail.", "med.", "ent.", "smtp."))
    return _cased_address(ctx, f"{local}@{sub}{domain(ctx)}")


def _email_spoken(ctx: Context) -> str:
    """An address read aloud: "jay smith four at gmail dot com"."""
    text = re.sub(r"\d", lambda m: f" {number_words(int(m[0]))} ", _email(ctx).lower())
    for mark, said in ((".", " dot "), ("_", " underscore "), ("-", " dash "), ("@", " at ")):
        text = text.replace(mark, said)
    return " ".join(text.split())


def _bare_url(ctx: Context) -> str:
    rng = ctx.rng
    host = domain(ctx)
    start = pick(rng, ("www.", "www.", "", "portal.", "mychart.", "my.", "app."))
    if chance(rng, 0.25):
        host, start = pick(rng, values("web_words", "social")), pick(rng, ("", "www."))
        return f"{start}{host}{'' if host.endswith('@') else '/'}{handle(ctx, ctx.somebody())}"
    path = pick(rng, values("web_words", "path"))
    tail = weighted(
        rng,
        (
            (4, ""),
            (3, f"/{path}"),
            (1, f"/{path}/{digits(rng, 4, 9)}"),
            (1, f"/{path}?id={shape(rng, '~~~~~~~~')}"),
        ),
    )
    return f"{start}{host}{tail}"


def _url(ctx: Context) -> str:
    text = pick(ctx.rng, ("https://", "https://", "http://")) + _bare_url(ctx)
    return text.upper() if chance(ctx.rng, 0.02) else text


def _ipv4(ctx: Context) -> str:
    rng = ctx.rng
    start = weighted(rng, ((3, "10"), (2, "192.168"), (1.5, "172.16"), (4, str(rng.randint(11, 223)))))
    parts = start.split(".")
    while len(parts) < 4:
        parts.append(str(rng.randint(0, 254)))
    return ".".join(parts) + weighted(rng, ((9, ""), (0.5, f":{rng.randint(80, 65000)}"), (0.4, "/24")))


def _ipv6(ctx: Context) -> str:
    rng = ctx.rng
    groups = [shape(rng, pick(rng, ("~~~~", "~~~~", "~~~", "~~"))) for _ in range(8)]
    groups[0] = pick(rng, ("2001", "fe80", "fd00", "2607", "2a02", "2600"))
    text = ":".join(groups)
    if chance(rng, 0.5):
        keep = rng.randint(2, 4)
        text = ":".join(groups[:keep]) + "::" + ":".join(groups[7:])
    return text.upper() if chance(rng, 0.15) else text


def _mac(ctx: Context) -> str:
    mark = pick(ctx.rng, (":", ":", "-"))
    text = mark.join(shape(ctx.rng, "~~") for _ in range(6))
    return text.upper() if chance(ctx.rng, 0.6) else text


def _marked_digits(text: str) -> str:
    """Leaves a leading 'tel:' outside the identifier."""
    return f"tel:{IDENTIFIER}{text[4:]}{END}" if text.startswith("tel:") else text


KINDS: Mapping[str, Maker] = {
    "PHONE:phone": lambda c: _marked_digits(phone(c)),
    "PHONE:phone_dots": _dots,
    "PHONE:phone_bare": _bare,
    "PHONE:phone_intl": lambda c: shaped(c.rng, "phone abroad"),
    "PHONE:phone_ext": lambda c: _with_extension(c).removeprefix("tel:"),
    "PHONE:ext": _extension,
    "PHONE:pager": lambda c: _pager(c).removeprefix("tel:"),
    "PHONE:phone_spoken": _spoken,
    "PHONE:phone_7": _seven,
    "FAX:fax": lambda c: phone(c).removeprefix("tel:"),
    "FAX:fax_dots": _dots,
    "FAX:fax_bare": _bare,
    "FAX:fax_7": _seven,
    "FAX:fax_spoken": _spoken,
    "FAX:fax_intl": lambda c: shaped(c.rng, "phone abroad"),
    "EMAIL:email": _email,
    "EMAIL:email_work": _email_work,
    "EMAIL:email_spoken": _email_spoken,
    "URL:url": _url,
    "URL:url_bare": _bare_url,
    "IP:ipv4": _ipv4,
    "IP:ipv6": _ipv6,
    "IP:mac": _mac,
}
