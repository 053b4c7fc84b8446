"""Times of files: many forms, zones, and none that is guessed."""

import contextlib
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.sources.file_times import TimeReader, infer_day_first

EXPECTED = datetime(2026, 1, 25, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-25T14:05:00Z",
        "2026-01-25 14:05",
        "2026-01-25 14:05:00 UTC",
        "2026-01-25T15:05:00+01:00",
        "2026/01/25 14:05",
        "25/01/2026 14:05",
        "01/25/2026 2:05 PM",
        "1/25/26, 2:05 p.m.",
        "25.01.2026 14:05:00",
        "25 Jan 2026 14:05",
        "January 25, 2026 at 2:05 PM",
        "25-Jan-2026 14:05",
        "Sun, 25 Jan 2026 15:05:00 +0100",
        "1769349900",
        1769349900,
        1769349900.0,
        1769349900000,
        "1769349900000",
        1769349900000000,
        datetime(2026, 1, 25, 14, 5),  # noqa: DTZ001 - as Parquet gives it
        datetime(2026, 1, 25, 15, 5, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_usual_forms_are_read(value: object) -> None:
    assert TimeReader().read(value) == EXPECTED


def test_times_without_a_zone_are_of_the_zone_that_is_given() -> None:
    berlin = TimeReader(ZoneInfo("Europe/Berlin"))
    assert berlin.read("2026-01-25 15:05") == EXPECTED
    assert berlin.read("2026-07-25 16:05") == datetime(2026, 7, 25, 14, 5, tzinfo=UTC)
    assert berlin.read("2026-01-25T14:05Z") == EXPECTED
    assert berlin.read(1769349900) == EXPECTED
    assert berlin.read(date(2026, 1, 25)) == datetime(2026, 1, 24, 23, tzinfo=UTC)


def test_given_form_decides() -> None:
    reader = TimeReader(form="%d|%m|%y %H%M")
    assert reader.read("25|01|26 1405") == EXPECTED
    with pytest.raises(ValueError, match="the form that the mapping gives"):
        reader.read("2026-01-25 14:05")


def test_day_and_month_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be told apart"):
        TimeReader().read("03/04/2026")
    assert TimeReader().read("03.04.2026").month == 4
    assert TimeReader().read("04/04/2026").month == 4
    assert TimeReader(day_first=True).read("03/04/2026").month == 4
    assert TimeReader(day_first=False).read("03/04/2026").month == 3


def test_order_of_day_and_month_shows_in_other_rows() -> None:
    assert infer_day_first(["03/04/2026", "13/04/2026"]) is True
    assert infer_day_first(["03/04/2026", "04/13/2026 10:00"]) is False
    assert infer_day_first(["03/04/2026", "2026-04-13", None, 7]) is None


@pytest.mark.parametrize(
    "value",
    ["yesterday", "", "31/31/2026", "1969-12-31", 12, "9999-01-01", True, [], "12:30", 1e30, None],
)
def test_what_is_no_time_is_refused_without_being_repeated(value: object) -> None:
    with pytest.raises(ValueError, match="its time") as caught:
        TimeReader().read(value)
    assert not isinstance(value, str) or not value or value not in str(caught.value)


@given(st.integers(946_771_200, 7_258_032_000), st.timezones())
def test_iso_times_of_any_zone_are_read_back(seconds: int, zone: ZoneInfo) -> None:
    moment = datetime.fromtimestamp(seconds, zone)
    assert TimeReader().read(moment.isoformat()) == moment.astimezone(UTC)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert TimeReader().read(text).tzinfo is UTC
