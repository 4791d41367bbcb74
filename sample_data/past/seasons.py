"""What was different from day to day: how many came when, and how well the vendor did. Pure: days and dice.

Two calendar weeks, Monday to Sunday: a bad one for the vendor, and one in which it recovers slowly and is then as
usual. Days are numbered from a Monday a week earlier; times are seconds since that Monday 00:00 UTC.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from sample_data.acts import Act
from sample_data.roster import VENDORS
from sample_data.trouble import ABSENT_APPROVER, SWITCHES, VENDOR_OUTAGE, Switch

# A Monday ahead of any clock: the test server skips time forward only.
BEGAN_AT = datetime(2029, 1, 1, tzinfo=UTC)
DAYS = range(7, 21)
DAY_SECONDS = 86_400.0
WEEKDAYS = (1.2, 1.1, 1.05, 1.0, 0.9, 0.35, 0.25)
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 11, 14, 15, 13, 10, 12, 14, 14, 12, 9, 7, 6, 5, 5, 4, 3)
# What people and activities make; the other kinds need an operator, another worker or a broken release.
TROUBLE = (VENDOR_OUTAGE, ABSENT_APPROVER)
BAD_DAYS = (7.0, 12.0)
RECOVERED_ON = 18.0
VENDOR_PACE_WHEN_BAD = 1.45
OUTAGE_SHARE_WHEN_BAD = 0.7
_VENDORS = frozenset(person.name for person in VENDORS)


def arrivals(day: int, a_week: float, dice: Random) -> list[float]:
    """When something comes in on this day, in order."""
    expected = a_week * WEEKDAYS[day % 7] / sum(WEEKDAYS)
    count = round(expected * dice.uniform(0.93, 1.07))
    hours = dice.choices(range(24), weights=HOURS, k=count)
    return sorted(day * DAY_SECONDS + (hour + dice.random()) * 3600 for hour in hours)


def vendor_trouble(at_seconds: float) -> float:
    """How bad the vendor's days are: 0 as usual, 1 in the bad week, falling slowly after it."""
    day = at_seconds / DAY_SECONDS
    begins, ends = BAD_DAYS
    if day < begins or day >= RECOVERED_ON:
        return 0.0
    return 1.0 if day < ends else (RECOVERED_ON - day) / (RECOVERED_ON - ends)


def in_season(act: Act, at_seconds: float) -> Act:
    """The act as it comes on such a day: the vendor's people take longer when the vendor is in trouble."""
    if act.by not in _VENDORS:
        return act
    pace = 1 + (VENDOR_PACE_WHEN_BAD - 1) * vendor_trouble(at_seconds)
    return replace(act, after_seconds=act.after_seconds * pace)


def turns(day: int) -> Iterator[tuple[float, str, bool]]:
    """When which switch of the planted trouble is turned on or off on this day, switch by switch."""
    midnight = day * DAY_SECONDS
    for switch in (each for each in SWITCHES if each.name in TROUBLE):
        cycle = 0.0
        while cycle < DAY_SECONDS:
            yield midnight + cycle, switch.name, True
            yield midnight + cycle + _on_seconds(switch, midnight + cycle), switch.name, False
            cycle += switch.every_seconds


def _on_seconds(switch: Switch, at_seconds: float) -> float:
    if switch.name != VENDOR_OUTAGE:
        return switch.on_seconds
    when_bad = OUTAGE_SHARE_WHEN_BAD * switch.every_seconds
    return switch.on_seconds + (when_bad - switch.on_seconds) * vendor_trouble(at_seconds)
