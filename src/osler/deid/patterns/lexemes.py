"""Number words, months and other closed word classes, as pattern fragments without groups or look-around."""

UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_FIRSTS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth", "thirtieth",
)  # fmt: skip

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary|uary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
UNIT = rf"(?:{'|'.join(UNITS)})"
TEEN = rf"(?:{'|'.join(TEENS)})"
TEN = rf"(?:{'|'.join(TENS)})"
ORDINAL = (
    r"(?:(?:twenty|thirty)[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    rf"|{'|'.join(_FIRSTS)})"
)
CARDINAL_DAY = rf"(?:{TEEN}|twenty[ -]{UNIT}|thirty[ -]one|{UNIT}|twenty|thirty)"
SMALL = rf"(?:(?:oh |zero )?{UNIT}|{TEEN}|{TEN}(?:[ -]{UNIT})?|\d{{1,2}})"
"""A number below a hundred, in words or digits."""
WORDED = rf"(?:(?:oh |zero )?{UNIT}|{TEEN}|{TEN}(?:[ -]{UNIT})?)"
PAIR = rf"(?:{TEN}(?:[ -]{UNIT})?|{TEEN}|(?:oh|o)[ -]{UNIT})"
YEAR_WORDS = (
    rf"(?:(?:eighteen|nineteen|twenty)[ -](?:hundred(?: and)?(?: {PAIR}| {UNIT})?|{PAIR})"
    rf"|two thousand(?: and)?(?: {TEN}(?:[ -]{UNIT})?| {TEEN}| {UNIT})?)"
)
YEAR = r"(?:1[89]|20|21)\d\d"

DIGIT_WORD = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|niner)"
SPOKEN_DIGIT = rf"(?:{DIGIT_WORD}|o|double|triple|{TEEN}|{TEN}|hundred|\d{{1,4}})"
SPOKEN_CODE = (
    rf"(?:{DIGIT_WORD}|o|double|triple|{TEEN}|{TEN}|hundred|thousand|dash|hyphen|slash|point|dot|[a-z]"
    rf"|\d{{1,4}})"
)
"""One word of a number or code that is spoken out."""
