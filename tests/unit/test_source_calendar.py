"""What moments a condition on times can name, in every zone and over every change of clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import example, given
from hypothesis import strategies as st

from earmark.pipeline.source_calendar import Calendar, find_zone

ZONES = sorted(available_timezones())
moments = st.datetimes(
    min_value=datetime(2000, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
HAVANA = "America/Havana"
"""Its clocks go back over midnight: one day has two of them."""
SECOND_MIDNIGHT = datetime(2025, 11, 2, 5, 30, tzinfo=UTC)


def _day(moment: datetime, zone: str) -> tuple[int, int, int]:
    local = moment.astimezone(ZoneInfo(zone))
    return local.year, local.month, local.day


@given(moments, st.sampled_from(ZONES))
@example(SECOND_MIDNIGHT, HAVANA)
@example(datetime(2011, 12, 30, 9, 59, tzinfo=UTC), "Pacific/Apia")  # the day after was left out
@example(datetime(2018, 11, 4, 3, tzinfo=UTC), "America/Sao_Paulo")  # a day without its midnight
def test_a_day_is_between_its_floor_and_its_ceiling(moment: datetime, zone: str) -> None:
    calendar = Calendar(by_day=True, zone=ZoneInfo(zone))
    floor, ceiling = calendar.floor(moment), calendar.ceiling(moment)
    second = timedelta(seconds=1)
    assert floor <= moment < ceiling
    assert _day(floor, zone) == _day(moment, zone) == _day(ceiling - second, zone)
    assert _day(floor - second, zone) < _day(moment, zone) < _day(ceiling, zone)
    assert calendar.floor(floor) == floor
    assert calendar.floor(ceiling) == ceiling


@given(moments, st.sampled_from(ZONES))
def test_nothing_since_a_moment_is_missed_by_reaching_back(moment: datetime, zone: str) -> None:
    by_day = Calendar(by_day=True, zone=ZoneInfo(zone)).reach_back(moment)
    assert _day(by_day, zone) < _day(moment, zone)
    assert Calendar(by_day=False, zone=ZoneInfo(zone)).reach_back(moment) <= moment


@given(moments)
def test_seconds_are_told_apart(moment: datetime) -> None:
    calendar = Calendar(by_day=False, zone=ZoneInfo("UTC"))
    assert calendar.floor(moment) <= moment < calendar.ceiling(moment)
    assert calendar.ceiling(moment) - calendar.floor(moment) == timedelta(seconds=1)
    assert calendar.widen(moment, moment) == (moment, moment)


def test_unknown_zone_is_utc() -> None:
    assert find_zone("Mars/Olympus") == find_zone("../etc/passwd") == ZoneInfo("UTC")
