"""Feasts that follow the moon: Easter, and the Hebrew, Islamic, Chinese and Hindu calendars.

Easter is the Gregorian and the Julian computus; the Hebrew calendar is the arithmetic one (molad and
postponements). The others are computed from the sun and the moon with the principal terms of J. Meeus,
Astronomical Algorithms (2nd ed., chapters 25, 47 and 49): a few minutes of time, which is enough except where
tradition itself differs from place to place.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from typing import Final

_J2000: Final = dt.datetime(2000, 1, 1, 12)  # noqa: DTZ001
_FIRST_NEW_MOON: Final = dt.datetime(2000, 1, 6, 18, 14)  # noqa: DTZ001
#: Mean lunation in days.
_MONTH: Final = 29.530588861
# Meeus, table 49.A: amplitude in days, and multiples of the sun's anomaly, the moon's, and the argument of
# latitude. Terms that hold the sun's anomaly shrink with the eccentricity.
_NEW_MOON: Final = (
    (-0.40720, 0, 1, 0),
    (0.17241, 1, 0, 0),
    (0.01608, 0, 2, 0),
    (0.01039, 0, 0, 2),
    (0.00739, -1, 1, 0),
    (-0.00514, 1, 1, 0),
    (0.00208, 2, 0, 0),
    (-0.00111, 0, 1, -2),
    (-0.00057, 0, 1, 2),
    (0.00056, 1, 2, 0),
    (-0.00042, 0, 3, 0),
    (0.00042, 1, 0, 2),
    (0.00038, 1, 0, -2),
    (-0.00024, -1, 2, 0),
)
# Meeus, table 47.A and 47.B: degrees, and multiples of elongation, both anomalies, argument of latitude.
_LONGITUDE: Final = (
    (6.288774, 0, 0, 1, 0),
    (1.274027, 2, 0, -1, 0),
    (0.658314, 2, 0, 0, 0),
    (0.213618, 0, 0, 2, 0),
    (-0.185116, 0, 1, 0, 0),
    (-0.114332, 0, 0, 0, 2),
    (0.058793, 2, 0, -2, 0),
    (0.057066, 2, -1, -1, 0),
    (0.053322, 2, 0, 1, 0),
    (0.045758, 2, -1, 0, 0),
    (-0.040923, 0, 1, -1, 0),
    (-0.034720, 1, 0, 0, 0),
    (-0.030383, 0, 1, 1, 0),
    (0.015327, 2, 0, 0, -2),
)
_LATITUDE: Final = (
    (5.128122, 0, 0, 0, 1),
    (0.280602, 0, 0, 1, 1),
    (0.277693, 0, 0, 1, -1),
    (0.173237, 2, 0, 0, -1),
    (0.055413, 2, 0, -1, 1),
    (0.046271, 2, 0, -1, -1),
    (0.032573, 2, 0, 0, 1),
)


def easter(year: int) -> dt.date:
    """Easter Sunday of the western churches (the anonymous Gregorian computus)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return dt.date(year, f // 31, f % 31 + 1)


def orthodox_easter(year: int) -> dt.date:
    """Easter Sunday of the orthodox churches, as a Gregorian date (the Julian computus)."""
    a = (19 * (year % 19) + 15) % 30
    b = (2 * (year % 4) + 4 * (year % 7) - a + 34) % 7
    month, day = divmod(a + b + 114, 31)
    return dt.date(year, month, day + 1) + dt.timedelta(days=year // 100 - year // 400 - 2)


# Hebrew calendar: 1 Tishri of year 1 is this ordinal plus one.
_HEBREW_EPOCH: Final = -1_373_427


def _hebrew_elapsed(year: int) -> int:
    months = (235 * year - 234) // 19
    parts = 12_084 + 13_753 * months
    day = 29 * months + parts // 25_920
    return day + 1 if (3 * (day + 1)) % 7 < 3 else day


def _hebrew_new_year(year: int) -> int:
    before, own, after = (_hebrew_elapsed(each) for each in (year - 1, year, year + 1))
    delay = 2 if after - own == 356 else 1 if own - before == 382 else 0
    return _HEBREW_EPOCH + own + delay


def hebrew(year: int, month: int, day: int) -> dt.date:
    """The Gregorian date of a day of the Hebrew year that begins in autumn of `year` - 1.

    Months count from Tishri (1); in leap years Adar is the second one, so that 7 is always Nisan.
    """
    of_year = year + 3760
    start = _hebrew_new_year(of_year)
    length = _hebrew_new_year(of_year + 1) - start
    leap = length > 380
    long_heshvan, short_kislev = length % 10 == 5, length % 10 == 3
    months = [30, 30 if long_heshvan else 29, 29 if short_kislev else 30, 29, 30]
    months += [30, 29] if leap else [29]
    months += [30, 29, 30, 29, 30, 29]
    index = month - 1 if month <= 5 else month - 1 + leap
    return dt.date.fromordinal(start + sum(months[:index]) + day - 1)


def _delta_t(year: float) -> float:
    """Seconds that dynamical time is ahead of universal time (rough)."""
    if year < 1986:
        return 31.1 + 0.45 * (year - 1955) if year < 1975 else 45.5 + (year - 1975)
    t = year - 2000
    return 62.92 + 0.32217 * t + 0.005589 * t * t if year >= 2005 else 63.86 + 0.3345 * t


@functools.lru_cache(4096)
def new_moon(number: int) -> dt.datetime:
    """Universal time of a conjunction; number 0 is that of 6 January 2000."""
    t = number / 1236.85
    sun = math.radians(2.5534 + 29.1053567 * number)
    moon = math.radians(201.5643 + 385.81693528 * number + 0.0107582 * t * t)
    latitude = math.radians(160.7108 + 390.67050284 * number - 0.0016118 * t * t)
    node = math.radians(124.7746 - 1.56375588 * number)
    shrink = 1 - 0.002516 * t
    days = 5.09766 + _MONTH * number + 0.00015437 * t * t - 0.00017 * math.sin(node)
    for amplitude, a, b, c in _NEW_MOON:
        days += amplitude * shrink ** abs(a) * math.sin(a * sun + b * moon + c * latitude)
    moment = _J2000 + dt.timedelta(days=days)
    return moment - dt.timedelta(seconds=_delta_t(moment.year + moment.month / 12))


def new_moon_before(moment: dt.datetime) -> int:
    """The number of the last conjunction at or before `moment` (universal time)."""
    days = (moment - _FIRST_NEW_MOON).total_seconds() / 86_400
    number = math.floor(days / _MONTH) + 1
    while new_moon(number) > moment:
        number -= 1
    return number


def _centuries(moment: dt.datetime) -> float:
    seconds = (moment - _J2000).total_seconds() + _delta_t(moment.year)
    return seconds / 86_400 / 36_525


def sun_longitude(moment: dt.datetime) -> float:
    """Apparent longitude of the sun in degrees (Meeus, chapter 25)."""
    t = _centuries(moment)
    anomaly = math.radians(357.52911 + 35_999.05029 * t)
    center = (1.914602 - 0.004817 * t) * math.sin(anomaly) + 0.019993 * math.sin(2 * anomaly)
    return (280.46646 + 36_000.76983 * t + center - 0.00569) % 360


def moon_place(moment: dt.datetime) -> tuple[float, float]:
    """Longitude and latitude of the moon in degrees (Meeus, chapter 47)."""
    t = _centuries(moment)
    mean = 218.3164477 + 481_267.88123421 * t
    angles = [
        math.radians(angle % 360)
        for angle in (
            297.8501921 + 445_267.1114034 * t,
            357.5291092 + 35_999.0502909 * t,
            134.9633964 + 477_198.8675055 * t,
            93.2720950 + 483_202.0175233 * t,
        )
    ]

    def total(terms: tuple[tuple[float, int, int, int, int], ...]) -> float:
        return sum(
            term[0] * math.sin(sum(k * angle for k, angle in zip(term[1:], angles, strict=True)))
            for term in terms
        )

    return (mean + total(_LONGITUDE)) % 360, total(_LATITUDE)


# Lunations and Islamic months: month 1 of the year 1 is this many before number 0.
_ISLAMIC: Final = 17_037
_MECCA: Final = (21.4225, 39.8262)


def islamic(year: int, month: int, day: int) -> dt.date:
    """The Gregorian date of a day of the calendar of Saudi Arabia (Umm al-Qura).

    A month begins on the evening on which, at Mecca, the conjunction was before sunset and the moon sets
    after the sun; in the years 1393 to 1419 it began on the day after the conjunction in universal time.
    """
    conjunction = new_moon((year - 1) * 12 + month - 1 - _ISLAMIC)
    start = conjunction.date() + dt.timedelta(days=1)
    if not 1393 <= year <= 1419:
        sunset, age = _sunset(conjunction)
        if conjunction > sunset or age <= 0:
            start += dt.timedelta(days=1)
    return start + dt.timedelta(days=day - 1)


def _sunset(day: dt.datetime) -> tuple[dt.datetime, float]:
    """Sunset at Mecca in universal time, and how high the moon stands then in degrees."""
    north, east = _MECCA
    noon = dt.datetime(day.year, day.month, day.day, 12) - dt.timedelta(days=east / 360)  # noqa: DTZ001
    _, declination = _equatorial(sun_longitude(noon), 0.0)
    cosine = (math.sin(math.radians(-0.833)) - math.sin(math.radians(north)) * math.sin(declination)) / (
        math.cos(math.radians(north)) * math.cos(declination)
    )
    t = _centuries(noon)
    mean = math.radians(280.46646 + 36_000.76983 * t)
    ascension, _ = _equatorial(sun_longitude(noon), 0.0)
    equation = (mean - ascension + math.pi) % (2 * math.pi) - math.pi
    hours = (math.acos(cosine) - equation) / (2 * math.pi)
    sunset = noon + dt.timedelta(days=hours)
    return sunset, _altitude(sunset)


def _equatorial(longitude: float, latitude: float) -> tuple[float, float]:
    """Right ascension and declination in radians of a place in degrees."""
    tilt, along, above = math.radians(23.4375), math.radians(longitude), math.radians(latitude)
    ascension = math.atan2(
        math.sin(along) * math.cos(tilt) - math.tan(above) * math.sin(tilt), math.cos(along)
    )
    sine = math.sin(above) * math.cos(tilt) + math.cos(above) * math.sin(tilt) * math.sin(along)
    return ascension, math.asin(sine)


def _altitude(moment: dt.datetime) -> float:
    """Height of the moon's upper edge over the horizon of Mecca, in degrees: above 0 it sets later."""
    north, east = math.radians(_MECCA[0]), _MECCA[1]
    ascension, declination = _equatorial(*moon_place(moment))
    days = (moment - _J2000).total_seconds() / 86_400
    sidereal = math.radians((280.46061837 + 360.98564736629 * days + east) % 360)
    sine = math.sin(north) * math.sin(declination) + math.cos(north) * math.cos(declination) * math.cos(
        sidereal - ascension
    )
    height = math.asin(sine)
    parallax = 0.95 * math.cos(height)
    return math.degrees(height) - parallax + 0.567 + 0.259


_CHINA: Final = dt.timedelta(hours=8)


def chinese_new_year(year: int) -> dt.date:
    """The second new moon after the winter solstice, Beijing time.

    Of thirteen months from one solstice month to the next, the first without a major solar term is a leap
    month and is not counted.
    """
    eleventh = _month_of_term(year - 1, 12, 270)
    thirteen = _month_of_term(year, 12, 270) - eleventh == 13
    second = eleventh + 2
    if thirteen and not all(_has_major_term(number) for number in (eleventh + 1, eleventh + 2)):
        second += 1
    return (new_moon(second) + _CHINA).date()


def vesak(year: int) -> dt.date:
    """The 15th day of the fourth Chinese month, the one in which the sun reaches 60 degrees."""
    return (new_moon(_month_of_term(year, 5, 60)) + _CHINA).date() + dt.timedelta(days=14)


def _month_of_term(year: int, month: int, longitude: float) -> int:
    """The new moon of the Chinese month with the day on which the sun reaches `longitude`, about the 20th."""
    term = _sun_at(dt.datetime(year, month, 20), longitude) + _CHINA  # noqa: DTZ001
    end = term.replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=1) - _CHINA
    return new_moon_before(end - dt.timedelta(seconds=1))


def _has_major_term(number: int) -> bool:
    """The sun passes a multiple of 30 degrees in the month that begins with this new moon."""

    def sector(place: int) -> int:
        midnight = (new_moon(place) + _CHINA).replace(hour=0, minute=0, second=0, microsecond=0) - _CHINA
        return int(sun_longitude(midnight) // 30)

    return sector(number) != sector(number + 1)


def _sun_at(near: dt.datetime, longitude: float) -> dt.datetime:
    """Universal time at which the sun reaches `longitude`, within some days of `near`."""
    moment = near
    for _ in range(6):
        behind = (longitude - sun_longitude(moment) + 180) % 360 - 180
        moment += dt.timedelta(days=behind / 360 * 365.2422)
    return moment


_INDIA: Final = dt.timedelta(hours=5, minutes=30)


def _sidereal_sun(moment: dt.datetime) -> float:
    """Longitude of the sun from the first point of Aries of the Indian calendar (Lahiri's ayanamsha)."""
    return (sun_longitude(moment) - 23.853 - 0.0139722 * (_centuries(moment) * 100)) % 360


def _tithi(moment: dt.datetime) -> float:
    """Lunar day from 0 to 30, counted from the new moon."""
    longitude, _ = moon_place(moment)
    return (longitude - sun_longitude(moment)) % 360 / 12


def hindu(year: int, month: int, tithi: int, hour: float = 6.3) -> dt.date:
    """The day of `year` on which lunar day `tithi` (1 to 30) of an amanta month holds at `hour`, Indian time.

    Months count from Chaitra (1), which begins in March or April; each begins with the new moon, and takes
    the name from the sign of the zodiac that the sun enters in it; one in which it enters none is skipped.
    If the lunar day holds at that hour on two days, the first counts; if on none, the day on which it ends.
    """
    first = dt.datetime(year if month < 10 else year - 1, 2, 10)  # noqa: DTZ001
    start = first + dt.timedelta(days=29.53 * (month - 1))
    number = new_moon_before(start)
    for lunation in range(number, number + 4):
        sign = int(_sidereal_sun(new_moon(lunation)) // 30)
        entered = int(_sidereal_sun(new_moon(lunation + 1)) // 30)
        if sign != entered and (sign + 1) % 12 + 1 == month:
            return _tithi_day(new_moon(lunation), tithi, hour)
    raise ValueError("no such month")


def _tithi_day(start: dt.datetime, tithi: int, hour: float) -> dt.date:
    local = start + _INDIA + dt.timedelta(days=(tithi - 1) * 0.984 - 2)
    day = dt.datetime(local.year, local.month, local.day) + dt.timedelta(hours=hour)  # noqa: DTZ001
    for _ in range(6):
        ahead = (_tithi(day - _INDIA) - (tithi - 1) + 15) % 30 - 15
        if ahead >= 0:
            return day.date() if ahead < 1 else (day - dt.timedelta(days=1)).date()
        day += dt.timedelta(days=1)
    return day.date()


def sun_enters(year: int, sign: int, near: tuple[int, int]) -> dt.date:
    """The Indian day on which the sun enters a sign of the sidereal zodiac (0 is Aries)."""
    moment = dt.datetime(year, *near)  # noqa: DTZ001
    for _ in range(6):
        behind = (sign * 30 - _sidereal_sun(moment) + 180) % 360 - 180
        moment += dt.timedelta(days=behind / 360 * 365.2422)
    # After dark the feast is on the next day.
    return (moment + _INDIA + dt.timedelta(hours=6)).date()
