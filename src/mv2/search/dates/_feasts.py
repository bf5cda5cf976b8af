"""When holidays are, and what they are called. Names are without apostrophes; "saint" is "st"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final, TypeAlias

#: First day and number of days in a year; a feast of a moon calendar may fall twice in it, or not at all.
Days: TypeAlias = Callable[[int], "list[tuple[dt.date, int]]"]
_MON, _TUE, _WED, _THU, _FRI, _SAT, _SUN = range(7)


def _on(month: int, day: int, length: int = 1) -> Days:
    return lambda year: [(dt.date(year, month, day), length)]


def _nth(month: int, weekday: int, count: int, plus: int = 0, length: int = 1) -> Days:
    """The `count`-th weekday of the month (negative: from its end), and so many days later."""

    def days(year: int) -> list[tuple[dt.date, int]]:
        if count > 0:
            first = dt.date(year, month, 1)
            found = first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))
        else:
            last = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
            found = last - dt.timedelta(days=(last.weekday() - weekday) % 7 + 7 * (-count - 1))
        return [(found + dt.timedelta(days=plus), length)]

    return days


def _workday(month: int, day: int) -> Days:
    """The date, or the nearest working day if it falls on a weekend."""

    def days(year: int) -> list[tuple[dt.date, int]]:
        found = dt.date(year, month, day)
        return [(found + dt.timedelta(days={5: -1, 6: 1}.get(found.weekday(), 0)), 1)]

    return days


def _weekday_before(month: int, day: int, weekday: int) -> Days:
    def days(year: int) -> list[tuple[dt.date, int]]:
        last = dt.date(year, month, day)
        return [(last - dt.timedelta(days=(last.weekday() - weekday) % 7), 1)]

    return days


def _easter(plus: int, length: int = 1) -> Days:
    def days(year: int) -> list[tuple[dt.date, int]]:
        from mv2.search.dates._moons import easter

        return [(easter(year) + dt.timedelta(days=plus), length)]

    return days


def _orthodox(plus: int, length: int = 1) -> Days:
    def days(year: int) -> list[tuple[dt.date, int]]:
        from mv2.search.dates._moons import orthodox_easter

        return [(orthodox_easter(year) + dt.timedelta(days=plus), length)]

    return days


def _hebrew(month: int, day: int, length: int = 1) -> Days:
    """A Jewish feast, from the day on whose evening it begins."""

    def days(year: int) -> list[tuple[dt.date, int]]:
        from mv2.search.dates._moons import hebrew

        found = [hebrew(each, month, day) - dt.timedelta(days=1) for each in (year, year + 1)]
        return [(date, length) for date in found if date.year == year]

    return days


def _independence(year: int) -> list[tuple[dt.date, int]]:
    """5 Iyar, moved so that neither it nor the day before touches a Sabbath."""
    from mv2.search.dates._moons import hebrew

    date = hebrew(year, 8, 5)
    date += dt.timedelta(days={_FRI: -1, _SAT: -2, _MON: 1}.get(date.weekday(), 0))
    return [(date - dt.timedelta(days=1), 1)]


def _holocaust(year: int) -> list[tuple[dt.date, int]]:
    """27 Nisan, not beside a Sabbath."""
    from mv2.search.dates._moons import hebrew

    date = hebrew(year, 7, 27)
    date += dt.timedelta(days={_FRI: -1, _SUN: 1}.get(date.weekday(), 0))
    return [(date - dt.timedelta(days=1), 1)]


def _islamic(month: int, day: int, *, to: tuple[int, int] | None = None) -> Days:
    def days(year: int) -> list[tuple[dt.date, int]]:
        from mv2.search.dates._moons import islamic

        found = []
        near = int((year - 622) * 33 / 32)
        for of_year in range(near - 1, near + 3):
            date = islamic(of_year, month, day)
            length = 1 if to is None else (islamic(of_year, *to) - date).days
            if date.year == year and (date, length) not in found:
                found.append((date, length))
        return found

    return days


def _last_friday_of_ramadan(year: int) -> list[tuple[dt.date, int]]:
    return [
        (date - dt.timedelta(days=(date.weekday() - _FRI - 1) % 7 + 1), 1)
        for date, _ in _islamic(10, 1)(year)
    ]


def _chinese(plus: int) -> Days:
    def days(year: int) -> list[tuple[dt.date, int]]:
        from mv2.search.dates._moons import chinese_new_year

        return [(chinese_new_year(year) + dt.timedelta(days=plus), 1)]

    return days


def _hindu(month: int, tithi: int, hour: float = 6.3, *, plus: int = 0, length: int = 1) -> Days:
    def days(year: int) -> list[tuple[dt.date, int]]:
        from mv2.search.dates._moons import hindu

        return [(hindu(year, month, tithi, hour) + dt.timedelta(days=plus), length)]

    return days


def _sankranti(sign: int, near: tuple[int, int], plus: int = 0) -> Days:
    def days(year: int) -> list[tuple[dt.date, int]]:
        from mv2.search.dates._moons import sun_enters

        return [(sun_enters(year, sign, near) + dt.timedelta(days=plus), 1)]

    return days


def _navroz(year: int) -> list[tuple[dt.date, int]]:
    """New year of the Shahenshahi calendar, which has 365 days always: 17 August 2018, and 365 days on."""
    first = dt.date(2018, 8, 17).toordinal()
    start, end = dt.date(year, 1, 1).toordinal(), dt.date(year, 12, 31).toordinal()
    begin = start + (first - start) % 365
    return [(dt.date.fromordinal(ordinal), 1) for ordinal in range(begin, end + 1, 365)]


def _vesak(year: int) -> list[tuple[dt.date, int]]:
    from mv2.search.dates._moons import vesak

    return [(vesak(year), 1)]


def _super_bowl(year: int) -> list[tuple[dt.date, int]]:
    """The first Sunday of February since 2004, the second since 2022, the last of January before."""
    if year >= 2022:
        return _nth(2, _SUN, 2)(year)
    return _nth(2, _SUN, 1)(year) if year >= 2004 else _nth(1, _SUN, -1)(year)


# The days, and their names separated by bars.
FEASTS: Final[tuple[tuple[Days, str], ...]] = (
    # Fixed days.
    (_on(1, 1), "new years day|new year|new years|new year day"),
    (_on(12, 31), "new years eve|new year eve|hogmanay"),
    (_on(1, 6), "epiphany|three kings day|twelfth night"),
    (_on(1, 7), "orthodox christmas|orthodox christmas day"),
    (_sankranti(9, (1, 14), -1), "lohri|bhogi|bhogi pongal"),
    (_on(1, 26), "australia day"),
    (_on(1, 25), "burns night"),
    (_on(1, 26), "republic day"),
    (_on(2, 2), "groundhog day|groundhogs day"),
    (_on(2, 2), "candlemas"),
    (_on(2, 14), "valentine day|valentines day|st valentines day|valentines"),
    (_on(2, 29), "leap day"),
    (_on(3, 1), "st davids day"),
    (_on(3, 8), "womens day|international womens day|intl womens day"),
    (_on(3, 14), "pi day"),
    (_on(3, 17), "st patricks day|st patrick day|st paddys day|st pattys day"),
    (_on(3, 20), "nowruz|nevruz|novruz|norooz|persian new year|iranian new year"),
    (_on(4, 1), "april fools day|april fools|april fool|april fool day|fools day|all fools day"),
    (_on(4, 23), "st georges day"),
    (_on(4, 22), "earth day"),
    (_on(4, 25), "anzac day"),
    (_on(5, 1), "may day|labour day|international workers day|workers day"),
    (_on(5, 4), "star wars day"),
    (_on(5, 5), "cinco de mayo"),
    (_on(5, 8), "victory in europe day|ve day|europe day"),
    (_on(6, 19), "juneteenth"),
    (_on(6, 24), "midsummer|midsummer day|midsummers day|st johns day"),
    (_on(7, 1), "canada day"),
    (_on(7, 4), "independence day|fourth of july|4th of july|july fourth"),
    (_on(7, 14), "bastille day"),
    (_on(8, 15), "assumption day|assumption of mary|feast of the assumption"),
    (_on(8, 15), "indian independence day|india independence day"),
    (_on(9, 11), "patriot day"),
    (_on(10, 2), "gandhi jayanti"),
    (_on(10, 3), "german unity day|day of german unity"),
    (_on(10, 31), "halloween|halloween day|all hallows eve"),
    (_on(11, 1), "all saints day|all hallows day|hallowmas|all hallows"),
    (_on(11, 2), "all souls day|day of the dead|dia de los muertos|dia de muertos"),
    (_on(11, 5), "guy fawkes night|guy fawkes day|bonfire night"),
    (_on(11, 11), "veterans day|veteran day|armistice day|remembrance day"),
    (_on(11, 11), "st martins day|martinmas"),
    (_on(11, 19), "international mens day|mens day"),
    (_on(11, 20), "childrens day"),
    (_on(11, 30), "st andrews day"),
    (_on(12, 1), "world aids day"),
    (_on(12, 6), "st nicholas day|st nicholas"),
    (_on(12, 7), "pearl harbor day|pearl harbor remembrance day"),
    (_on(12, 10), "human rights day"),
    (_on(12, 25), "christmas|xmas|christmas day|xmas day"),
    (_on(12, 24), "christmas eve|xmas eve"),
    (_on(12, 26), "boxing day|st stephens day|day after christmas"),
    (_on(12, 26, 7), "kwanzaa|kwanza"),
    (_on(1, 27), "holocaust remembrance day|international holocaust remembrance day"),
    (_on(3, 22), "world water day"),
    (_on(4, 7), "world health day"),
    (_on(4, 23), "world book day|world book and copyright day"),
    (_on(5, 3), "world press freedom day"),
    (_on(6, 5), "world environment day"),
    (_on(6, 8), "world oceans day|world ocean day"),
    (_on(6, 20), "world refugee day"),
    (_on(6, 21), "world music day"),
    (_on(6, 21), "international yoga day|yoga day"),
    (_on(7, 11), "world population day"),
    (_on(7, 18), "nelson mandela day|mandela day"),
    (_on(7, 30), "international friendship day"),
    (_on(8, 19), "world humanitarian day"),
    (_on(9, 21), "international day of peace|peace day|world peace day"),
    (_on(10, 5), "world teachers day|international teachers day"),
    (_on(10, 10), "world mental health day"),
    (_on(10, 16), "world food day"),
    (_on(10, 24), "united nations day|un day"),
    (_on(11, 21), "world television day"),
    (_on(5, 9), "rabindra jayanti|rabindranath jayanti|rabindranath tagore jayanti"),
    (_hindu(10, 7), "guru gobind singh birthday|guru gobind singh jayanti"),
    (_on(4, 27), "kings day|koningsdag"),
    # Weekdays of a month.
    (
        _nth(1, _MON, 3),
        "martin luther king day|martin luther kings day|martin luther king jr day|mlk day|civil rights day",
    ),
    (_nth(2, _MON, 3), "presidents day|president day|washingtons birthday|washington day"),
    (_super_bowl, "super bowl|super bowl sunday|superbowl|superbowl sunday"),
    (
        _nth(3, _SUN, 2),
        (
            "daylight saving start day|daylight savings start day|daylight saving time starts|"
            "daylight saving begins"
        ),
    ),
    (
        _nth(11, _SUN, 1),
        "daylight saving end day|daylight savings end day|daylight saving time ends|daylight saving ends",
    ),
    (_nth(3, _MON, 2), "commonwealth day"),
    (_nth(4, _FRI, -1), "arbor day"),
    (
        _nth(4, _SAT, -1, -3),
        "administrative professionals day|secretaries day|admin day|administrative professional day",
    ),
    (_nth(5, _THU, 1), "national day of prayer"),
    (_nth(5, _SUN, 2), "mothers day|mother day"),
    (_nth(5, _SAT, 3), "armed forces day"),
    (_weekday_before(5, 24, _MON), "victoria day"),
    (_nth(5, _MON, -1), "memorial day|decoration day"),
    (_nth(5, _MON, -1, -3, 4), "memorial day weekend"),
    (_nth(6, _SUN, 3), "fathers day|father day"),
    (_nth(7, _SUN, 4), "parents day|parent day|national parents day"),
    (_nth(7, _FRI, -1), "system administrator appreciation day|sysadmin day|sysadmin appreciation day"),
    (_nth(8, _SUN, 1), "friendship day"),
    (_nth(9, _MON, 1), "labor day"),
    (_nth(9, _MON, 1, -3, 4), "labor day weekend"),
    (_nth(9, _MON, 1, 6), "grandparents day|national grandparents day"),
    (_nth(10, _MON, 2), "columbus day|indigenous peoples day|canadian thanksgiving|thanksgiving canada"),
    (_workday(10, 16), "boss day|bosses day|bosss day|national boss day"),
    (_nth(10, _SAT, 3), "sweetest day"),
    (_nth(11, _MON, 1, 1), "election day"),
    (_nth(11, _SUN, 2), "remembrance sunday"),
    (_nth(11, _THU, 4), "thanksgiving|thanksgiving day|turkey day"),
    (_nth(11, _THU, 4, 1), "black friday"),
    (_nth(11, _THU, 4, 2), "small business saturday"),
    (_nth(11, _THU, 4, 4), "cyber monday"),
    (_nth(11, _THU, 4, 5), "giving tuesday"),
    (_nth(4, _FRI, -1, 0, 3), "global youth service day|gysd|global youth service days"),
    (_weekday_before(12, 3, _SUN), "advent|advent sunday|first sunday of advent"),
    # Easter and what hangs on it.
    (_easter(0), "easter|easter sunday|easter day"),
    (_easter(1), "easter monday"),
    (_easter(-1), "easter eve|holy saturday|easter saturday|black saturday"),
    (_easter(-2, 4), "easter weekend"),
    (_easter(-2), "good friday"),
    (
        _easter(-3),
        (
            "maundy thursday|holy thursday|covenant thursday|thursday of mysteries|"
            "thursday of the lords supper|sheer thursday|great and holy thursday"
        ),
    ),
    (_easter(-4), "spy wednesday|holy wednesday"),
    (_easter(-7), "palm sunday|passion sunday"),
    (_easter(-7, 8), "holy week"),
    (_easter(-46), "ash wednesday"),
    (_easter(-47), "shrove tuesday|pancake day|pancake tuesday|mardi gras|fat tuesday"),
    (_easter(-48), "shrove monday|rose monday|rosenmontag|collop monday"),
    (_easter(-46, 46), "lent"),
    (_easter(-21), "mothering sunday"),
    (_easter(39), "ascension|ascension day|ascension thursday|holy ascension"),
    (_easter(49), "pentecost|pentecost sunday|whitsun|whit sunday|whitsunday"),
    (_easter(50), "pentecost monday|whit monday|whitmonday"),
    (_easter(56), "trinity sunday"),
    (_easter(60), "corpus christi|feast of corpus christi|corpus domini"),
    (_orthodox(0), "orthodox easter|orthodox easter sunday|pascha|orthodox easter day"),
    (_orthodox(1), "orthodox easter monday"),
    (_orthodox(-2), "orthodox good friday|orthodox great friday|great friday"),
    (_orthodox(-1), "orthodox holy saturday|great saturday"),
    (_orthodox(-7), "orthodox palm sunday"),
    (_orthodox(-8), "lazarus saturday"),
    (
        _orthodox(-48),
        (
            "clean monday|orthodox ash monday|orthodox shrove monday|orthodox clean monday|"
            "orthodox lent monday|pure monday|ash monday"
        ),
    ),
    (_orthodox(39), "orthodox ascension|orthodox ascension day"),
    (_orthodox(49), "orthodox pentecost"),
    (_orthodox(-48, 41), "great lent|orthodox lent"),
    # Jewish feasts.
    (
        _hebrew(1, 1, 3),
        "rosh hashanah|rosh hashana|rosh hashanna|rosh ha shanah|jewish new year|yom teruah",
    ),
    (_hebrew(1, 3), "fast of gedaliah|tzom gedaliah"),
    (_hebrew(1, 10), "yom kippur|day of atonement"),
    (
        _hebrew(1, 15, 9),
        "sukkot|succot|sukkos|succos|feast of the ingathering|feast of tabernacles|feast of booths",
    ),
    (_hebrew(1, 21), "hoshana rabbah"),
    (_hebrew(1, 22), "shemini atzeret"),
    (_hebrew(1, 23), "simchat torah"),
    (
        _hebrew(3, 25, 8),
        "hanukkah|chanukah|hanukah|hannukah|hannukkah|chanukkah|hanuka|chanuka|festival of lights",
    ),
    (_hebrew(5, 15), "tu bishvat|tu bshvat"),
    (_hebrew(6, 13), "fast of esther"),
    (_hebrew(6, 14), "purim"),
    (_hebrew(6, 15), "shushan purim"),
    (_hebrew(7, 15, 9), "passover|pesach|pesah|pessach"),
    (_holocaust, "yom hashoah|yom hashoa|holocaust day|yom ha shoah"),
    (_independence, "yom haatzmaut|yom ha atzmaut|israeli independence day|israel independence day"),
    (_hebrew(8, 18), "lag baomer|lag bomer|lag b omer|lag ba omer"),
    (_hebrew(8, 28), "yom yerushalayim|jerusalem day"),
    (_hebrew(9, 6, 3), "shavuot|shavuos|shavuoth|feast of weeks"),
    # Islamic feasts.
    (
        _islamic(1, 1),
        "islamic new year|muslim new year|hijri new year|arabic new year|muharram",
    ),
    (_islamic(1, 10), "ashura|day of ashura|ashura day"),
    (
        _islamic(3, 12),
        "mawlid|mawlid al nabi|milad un nabi|eid milad un nabi|prophets birthday|eid e milad",
    ),
    (
        _islamic(7, 27),
        (
            "isra and miraj|isra miraj|the night journey|night journey|"
            "laylat al miraj|shab e miraj|al isra wal miraj"
        ),
    ),
    (_islamic(9, 1, to=(10, 1)), "ramadan|ramazan|ramadhan|ramzan"),
    (
        _islamic(9, 27),
        (
            "laylat al qadr|laylat al kadr|night of power|night of destiny|lailat al qadr|laylatul qadr|"
            "laylat ul qadr"
        ),
    ),
    (
        _islamic(10, 1),
        "eid al fitr|eid ul fitr|id al fitr|id ul fitr|eid e fitr|eid alfitr|eid|ramazan bayram",
    ),
    (
        _islamic(12, 10),
        (
            "eid al adha|eid ul adha|id ul adha|id al adha|bakr id|bakr eid|bakrid|sacrifice feast|"
            "feast of sacrifice|feast of the sacrifice|eid e adha|kurban bayram|festival of sacrifice|"
            "eid ul zuha"
        ),
    ),
    (
        _last_friday_of_ramadan,
        "jumatul wida|jumat ul wida|jumuatul wida|jumuah al wida",
    ),
    # East Asia.
    (
        _chinese(0),
        (
            "chinese new year|chinese new years|chinese new years day|chinese new year day|"
            "chinese lunar new year|chinese lunar new years|chinese lunar new years day|lunar new year|"
            "lunar new years|lunar new years day|chinese spring festival|tet"
        ),
    ),
    (_chinese(-1), "chinese new years eve|chinese new year eve|lunar new years eve"),
    (_chinese(14), "lantern festival"),
    (
        _vesak,
        "vesak|vesak day|wesak|buddha day|buddhas birthday|buddha purnima|buddha jayanti",
    ),
    # India.
    (_sankranti(9, (1, 14)), "makar sankranti|pongal|thai pongal|makara sankranti|maghi"),
    (_sankranti(9, (1, 14), 1), "mattu pongal"),
    (_sankranti(9, (1, 14), 2), "kaanum pongal|kanum pongal|kaanum"),
    (_sankranti(0, (4, 14)), "vaisakhi|baisakhi|vaishakhi|vasakhi|vaisakhi day|mesadi"),
    (_hindu(11, 5, 9), "vasant panchami|basant panchami|saraswati puja"),
    (
        _hindu(11, 15),
        (
            "guru ravidass jayanti|guru ravidas jayanti|guru ravidass birthday|guru ravidas birthday|"
            "ravidas jayanti"
        ),
    ),
    (_hindu(11, 25), "maharishi dayanand saraswati jayanti|dayanand saraswati jayanti"),
    (
        _hindu(11, 29, 23.9),
        "maha shivaratri|mahashivratri|maha shivratri|shivaratri|shivratri",
    ),
    (_hindu(12, 15, 18.5), "holika dahan|chhoti holi|choti holi"),
    (
        _hindu(12, 15, 18.5, plus=1),
        "holi|dhulandi|rangwali holi|dhuleti|phagwah|festival of colors|dhulivandan",
    ),
    (
        _hindu(1, 1),
        "ugadi|yugadi|gudi padwa",
    ),
    (_hindu(1, 9, 12.3), "rama navami|ram navami|ramnavami|ramanavami"),
    (_hindu(1, 13), "mahavir jayanti|mahaveer jayanti|mahavir janma kalyanak"),
    (_hindu(1, 15), "hanuman jayanti"),
    (_hindu(4, 15), "guru purnima"),
    (_hindu(4, 2), "rath yatra|ratha yatra|jagannath rath yatra"),
    (_hindu(5, 15, 13), "raksha bandhan|rakshabandhan|rakhi|raksha bandhan day"),
    (
        _hindu(5, 23, 23.9),
        ("krishna janmashtami|janmashtami|gokulashtami|krishnashtami|krishna jayanti|sri krishna jayanti"),
    ),
    (_hindu(6, 4, 12), "ganesh chaturthi|vinayaka chaturthi|vinayaka chavithi|ganesh chaturthi day"),
    (_hindu(7, 1, length=9), "navaratri|navratri|durga puja|navratras"),
    (_hindu(7, 8), "durga ashtami|maha ashtami"),
    (_hindu(7, 9), "maha navami|mahanavami"),
    (_hindu(7, 10, 12.3), "dussehra|dasara|vijayadashami|vijaya dashami|dashain"),
    (_hindu(7, 15), "valmiki jayanti|maharishi valmiki jayanti|pargat diwas|sharad purnima"),
    (_hindu(7, 19, 20), "karva chauth|karwa chauth|karaka chaturthi"),
    (_hindu(7, 28, 18.5), "dhanteras|dhanatrayodashi|dhan teras"),
    (
        _hindu(7, 30, 18.5, plus=-1),
        "naraka chaturdashi|kali chaudas|choti diwali|chhoti diwali|naraka chaturdasi",
    ),
    (_hindu(7, 30, 18.5), "diwali|deepavali|divali|lakshmi puja|laxmi puja|deepawali"),
    (_hindu(8, 1, 9), "govardhan puja|annakut"),
    (_hindu(8, 2, 12), "bhai dooj|bhaiya dooj|bhai duj|bhau beej|bhai tika"),
    (_hindu(8, 6, 18), "chhath|chhath puja|chhathi|dala chhath|dala puja|surya shashthi|chhath parv"),
    (_hindu(8, 15), "guru nanak jayanti|guru nanak gurpurab|guru nanak birthday|guru nanak jayanthi"),
    (_navroz, "parsi new year|jamshedi navroz|jamshedi nauroz|navroz"),
)
