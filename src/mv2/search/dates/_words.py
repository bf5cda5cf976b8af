"""The words of the grammar."""

from __future__ import annotations

from typing import Final

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
WEEKDAYS: Final = {
    name: number
    for number, names in enumerate(
        (
            "monday mondays mon",
            "tuesday tuesdays tue tues",
            "wednesday wednesdays wed weds",
            "thursday thursdays thu thur thurs",
            "friday fridays fri",
            "saturday saturdays sat",
            "sunday sundays sun",
        )
    )
    for name in names.split()
}
WEEKDAY_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNIT_WORDS: Final = {
    name: unit
    for unit, names in {
        "second": "second seconds sec secs s",
        "minute": "minute minutes min mins",
        "hour": "hour hours hr hrs h",
        "day": "day days",
        "week": "week weeks wk wks",
        "month": "month months mth mths",
        "quarter": "quarter quarters qtr qtrs",
        "year": "year years yr yrs",
        "decade": "decade decades",
        "century": "century centuries",
    }.items()
    for name in names.split()
}
SEASONS: Final = {"spring": 0, "summer": 1, "autumn": 2, "fall": 2, "winter": 3}

SMALL: Final = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
TENS: Final = {
    word: number * 10
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
ORDINALS: Final = {
    word: number
    for number, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
        ],
        start=1,
    )
}
TENTHS: Final = {
    word: number * 10
    for number, word in enumerate(
        [
            "twentieth",
            "thirtieth",
            "fortieth",
            "fiftieth",
            "sixtieth",
            "seventieth",
            "eightieth",
            "ninetieth",
        ],
        start=2,
    )
}
DECADES: Final = {
    word: number * 10
    for number, word in enumerate(
        ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"],
        start=2,
    )
}

LAST: Final = frozenset(("last", "past", "previous"))
NEXT: Final = frozenset(("next", "coming", "upcoming", "following"))
THIS: Final = frozenset(("this", "current"))
#: Words that add nothing to the meaning of what follows them.
FILLERS: Final = frozenset(
    (
        "in",
        "on",
        "at",
        "@",
        "during",
        "around",
        "about",
        "approximately",
        "roughly",
        "circa",
        "the",
        "for",
        "sometime",
        "exactly",
        "of",
    )
)
#: The same after it.
TRAILERS: Final = frozenset(("approximately", "ish", "exactly", "sharp", "please"))
#: What may stand between the parts of one date.
JOINS: Final = frozenset(
    (",", "at", "@", "on", "in", "of", "the", "around", "about", "during", "for", "from")
)
# Without one of these or a digit no sentence holds a date; looked at before the grammar is loaded.
_PLAIN: Final = (
    "today todays tonight tonights tomorrow tomorrows yesterday yesterdays tmrw tmr fortnight fortnights "
    "weekend weekends midnight noon midday eom boy bom eoy ytd mtd qtd twenties thirties forties fifties "
    "sixties seventies eighties nineties season night morning afternoon evening "
)
# One word of each holiday's name.
_HOLIDAYS: Final = (
    "adha advent annakut ascension ashura assumption baisakhi bakr bakrid bhai bhau bhogi birthday "
    "bishvat booths bshvat candlemas chaitra chanuka chanukah chanukkah chaturthi chaudas chauth chhath "
    "chhathi christmas corpus dasara dashain deepavali deepawali dhanatrayodashi dhanteras dhulandi "
    "dhuleti dhulivandan divali diwali dooj durga dussehra easter eid epiphany eve fast festival fitr "
    "gedaliah gokulashtami gysd halloween hallowmas hallows hannukah hannukkah hanuka hanukah hanukkah "
    "hogmanay holi holika ingathering jadid janmashtami jayanti juneteenth kaanum kalyanak koningsdag "
    "krishnashtami kurban kwanza kwanzaa lag laylat lent lohri maghi maha mahanavami mahashivratri mardi "
    "martinmas mawlid mayo mesadi midsummer miraj muertos muharram nabi nanak naraka nauroz navami "
    "navaratri navratras navratri navroz nevruz nicholas norooz novruz nowruz orthodox padwa panchami "
    "pargat pascha passover pentecost pesach pesah pessach phagwah pongal puja purim purnima pyre qadr "
    "rabbah rakhi raksha rakshabandhan ramadan ramadhan ramanavami ramazan ramnavami ramzan rosenmontag "
    "rosh sacrifice samvatsaradi sankranti saving shavuos shavuot shavuoth shemini shivaratri shivratri "
    "succos succot sukkos sukkot super superbowl surya tabernacles teras tet thanksgiving torah ugadi "
    "vaisakha vaisakhi vaishaka vaishakhi valentines vasakhi vesak vida vijaya vijayadashami vinayaka "
    "wesak whitmonday whitsun whitsunday wida xmas yatra yom yugadi "
)
GATE: Final = frozenset(
    (
        *MONTHS,
        *WEEKDAYS,
        *(word for word in UNIT_WORDS if len(word) > 1),
        *SEASONS,
        *_PLAIN.split(),
        *_HOLIDAYS.split(),
        *"0123456789",
    )
)
