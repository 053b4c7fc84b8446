"""How finely a source can tell times apart, and where its days begin."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY: Final = timedelta(days=1)


class Calendar:
    """The moments that a condition on times can name: seconds, or the beginnings of days."""

    def __init__(self, *, by_day: bool, zone: ZoneInfo) -> None:
        self._by_day = by_day
        self._zone = zone

    def floor(self, moment: datetime) -> datetime:
        """The last moment not after this one that a condition can name."""
        if not self._by_day:
            return moment.replace(microsecond=0)
        return self._start_of(moment.astimezone(self._zone))

    def ceiling(self, moment: datetime) -> datetime:
        """The first such moment after this one."""
        if not self._by_day:
            return moment.replace(microsecond=0) + timedelta(seconds=1)
        local = moment.astimezone(self._zone)
        following = self._start_of(local + _DAY)
        # Where the clocks went over midnight, a day may have been left out altogether.
        return following if following > moment else self._start_of(local + 2 * _DAY)

    def _start_of(self, local: datetime) -> datetime:
        # The first of two midnights, where the clocks were put back over it.
        start = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return start.astimezone(UTC)

    def reach_back(self, moment: datetime) -> datetime:
        """From when to ask so that nothing since `moment` is missed."""
        # "After a day" begins with the next one, so the day before is asked for.
        return self.floor(moment) - (_DAY if self._by_day else timedelta())

    def widen(self, since: datetime, until: datetime) -> tuple[datetime, datetime]:
        """A range to ask for that holds [since, until) whosever days the source may count in."""
        margin = _DAY if self._by_day else timedelta()
        return since - margin, until + margin


def find_zone(name: str) -> ZoneInfo:
    """The time zone, or UTC where the name is not one of the time zone database."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
