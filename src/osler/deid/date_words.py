"""The words of dates: months, ordinals, small numbers and years in words, as pattern fragments without groups."""

UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth", "twenty-sixth",
    "twenty-seventh", "twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first",
)  # fmt: skip
MONTHS = {
    "january": 1, "february": 2, "febuary": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8,
    "september": 9, "october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4,
    "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
"""Month names, short forms and a common slip to their number."""

MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + ")"
UNIT, TEEN, TEN = (f"(?:{'|'.join(words)})" for words in (UNITS, TEENS, TENS))
ORDINAL = "(?:" + "|".join(o.replace("-", "[ -]") for o in sorted(ORDINALS, key=len, reverse=True)) + ")"
CARDINAL_DAY = rf"(?:{TEEN}|twenty[ -]{UNIT}|thirty[ -]one|{UNIT}|twenty|thirty)"
PAIR = rf"(?:{TEN}(?:[ -]{UNIT})?|{TEEN}|(?:oh|o)[ -]{UNIT})"
YEAR_WORDS = (
    rf"(?:(?:eighteen|nineteen|twenty)[ -](?:hundred(?: and)?(?: {PAIR}| {UNIT})?|{PAIR})"
    rf"|two thousand(?: and)?(?: {TEN}(?:[ -]{UNIT})?| {TEEN}| {UNIT})?)"
)
