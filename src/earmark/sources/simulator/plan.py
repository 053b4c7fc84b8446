"""The plan of a sample: a few small columns, from which each conversation can be written alone.

Only what search, sorting and paging need is kept, about 30 bytes per conversation. Everything is a
function of the specification and of the index, by the counter-based hashing of `hashing`.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from earmark.sources.simulator.grammar import Grammar
from earmark.sources.simulator.hashing import derive_key, draw_uniform, hash_indexes
from earmark.sources.simulator.rhythm import CHUNK, DAY, draw_created, weigh_days
from earmark.sources.simulator.spec import (
    NONE,
    Channel,
    Redaction,
    Row,
    SampleSpec,
    Shape,
    State,
)

LONG_THEMES = ("integrations.accounting_sync", "clients.merge_lost")
"""What drags on for weeks, in more than 500 parts."""


class Plan:
    """All columns of a sample; indexes are conversations, oldest first."""

    def __init__(self, spec: SampleSpec, grammar: Grammar) -> None:
        self.spec = spec
        self.grammar = grammar
        self._spam = np.array([theme.category == "spam" for theme in grammar.themes])
        self._general = np.array([not theme.area for theme in grammar.themes])
        number = spec.number
        day_weights = weigh_days(spec.weeks, grammar.themes)
        self.created_at = draw_created(
            self.key("created"), number, spec.start_second, spec.end_second, day_weights.sum(axis=1)
        )
        self.updated_at = self.created_at.copy()
        self.contact = np.zeros(number, dtype=np.int32)
        columns = ("theme", "second", "third", "channel", "shape", "state")
        self._bytes = {name: np.zeros(number, dtype=np.uint8) for name in columns}
        for name in ("area_tag", "extra_tag", "injection"):
            self._bytes[name] = np.full(number, NONE, dtype=np.uint8)
        self._bytes["redaction"] = np.zeros(number, dtype=np.uint8)
        cumulative = np.cumsum(day_weights, axis=1)
        for indexes in self._walk():
            self._fill(indexes, cumulative)
        self._assign_contacts()

    def key(self, purpose: str) -> int:
        """The random key of one column: the same for the same seed and purpose."""
        return derive_key(self.spec.seed, int.from_bytes(purpose.encode()))

    def column(self, name: str) -> NDArray[np.uint8]:
        """One of the columns of bytes, by the name it has in `Row`."""
        return self._bytes[name]

    def row(self, index: int) -> Row:
        """The plan of one conversation."""
        if not 0 <= index < self.spec.number:
            raise IndexError(index)
        column = self._bytes
        return Row(
            number=index,
            created_at=int(self.created_at[index]),
            updated_at=int(self.updated_at[index]),
            theme=int(column["theme"][index]),
            second=int(column["second"][index]),
            third=int(column["third"][index]),
            contact=int(self.contact[index]),
            channel=int(column["channel"][index]),
            shape=int(column["shape"][index]),
            state=int(column["state"][index]),
            area_tag=int(column["area_tag"][index]),
            extra_tag=int(column["extra_tag"][index]),
            injection=int(column["injection"][index]),
            redaction=int(column["redaction"][index]),
        )

    def deleted(self) -> NDArray[np.int64]:
        """Indexes of deleted conversations: about one in 110, never a long one."""
        found = [np.zeros(0, dtype=np.int64)]
        for indexes in self._walk():
            chosen = self._choose_one_per_block("deleted", indexes, 110)
            found.append(indexes[chosen & (self._bytes["shape"][indexes] != Shape.LONG)])
        return np.concatenate(found)

    def deletion_times(self, indexes: NDArray[np.int64]) -> NDArray[np.int64]:
        """When these were deleted: within nine days of their last change, and before the end."""
        delay = draw_uniform(self.key("deletion"), indexes) * 9 * DAY
        last = self.updated_at[indexes]
        room = self.spec.end_second - 1 - last
        return last + np.minimum(delay.astype(np.int64), room)

    def _walk(self) -> Iterator[NDArray[np.int64]]:
        """All indexes, a chunk at a time."""
        for start in range(0, self.spec.number, CHUNK):
            yield np.arange(start, min(start + CHUNK, self.spec.number), dtype=np.int64)

    # ------------------------------------------------------------ columns

    def _fill(self, indexes: NDArray[np.int64], cumulative: NDArray[np.float64]) -> None:
        span = slice(int(indexes[0]), int(indexes[-1]) + 1)
        column = {name: values[span] for name, values in self._bytes.items()}
        created = self.created_at[span]
        theme = self._draw_themes(indexes, created, cumulative)
        long = self._choose_long(indexes)
        theme[long] = self._pick_long_theme(indexes[long])
        column["theme"][:] = theme
        spam = self._spam[theme]
        column["channel"][:] = self._draw_channels(indexes, spam)
        age = self.spec.end_second - created
        shape = self._draw_shapes(indexes, spam, column["channel"], age)
        shape[long] = Shape.LONG
        column["channel"][long] = Channel.EMAIL
        column["shape"][:] = shape
        self._draw_ends(indexes, span)
        self._draw_further_issues(indexes, theme, column)
        self._draw_tags(indexes, theme, column)
        self._draw_specials(indexes, spam, column)

    def _draw_themes(
        self,
        indexes: NDArray[np.int64],
        created: NDArray[np.int64],
        cumulative: NDArray[np.float64],
    ) -> NDArray[np.uint8]:
        """Themes by the weights of the day; days are contiguous, as `created` is sorted."""
        days = np.clip((created - self.spec.start_second) // DAY, 0, len(cumulative) - 1)
        shares = draw_uniform(self.key("theme"), indexes)
        theme = np.zeros(len(indexes), dtype=np.uint8)
        for day in np.unique(days):
            low, high = np.searchsorted(days, [day, day + 1])
            weights = cumulative[day]
            theme[low:high] = np.searchsorted(weights, shares[low:high] * weights[-1], side="right")
        return theme

    def _choose_long(self, indexes: NDArray[np.int64]) -> NDArray[np.bool_]:
        number = self.spec.number
        if number < 200:
            return np.zeros(len(indexes), dtype=np.bool_)
        return self._choose_one_per_block("long", indexes, min(1500, number))

    def _pick_long_theme(self, indexes: NDArray[np.int64]) -> NDArray[np.uint8]:
        keys = [theme.key for theme in self.grammar.themes]
        options = np.array([keys.index(key) for key in LONG_THEMES], dtype=np.uint8)
        return options[hash_indexes(self.key("long theme"), indexes) % np.uint64(len(options))]

    def _draw_channels(
        self, indexes: NDArray[np.int64], spam: NDArray[np.bool_]
    ) -> NDArray[np.uint8]:
        share = draw_uniform(self.key("channel"), indexes)
        channel = np.where(share < 0.335, Channel.EMAIL, Channel.CHAT)
        channel[share > 0.98] = Channel.OUTBOUND
        channel[spam & (share < 0.85)] = Channel.EMAIL
        channel[spam & (share >= 0.85)] = Channel.CHAT
        return channel.astype(np.uint8)

    def _draw_shapes(
        self,
        indexes: NDArray[np.int64],
        spam: NDArray[np.bool_],
        channel: NDArray[np.uint8],
        age: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        share = draw_uniform(self.key("shape"), indexes)
        chat = np.select(
            [share < 0.03, share < 0.065, share < 0.23],
            [Shape.SILENT, Shape.ACKNOWLEDGED, Shape.ASSISTED],
            Shape.ANSWERED,
        )
        mail = np.select(
            [share < 0.05, share < 0.08], [Shape.SILENT, Shape.ACKNOWLEDGED], Shape.ANSWERED
        )
        junk = np.select(
            [share < 0.25, share < 0.82], [Shape.SILENT, Shape.DISMISSED], Shape.ANSWERED
        )
        shape = np.where(spam, junk, np.where(channel == Channel.CHAT, chat, mail))
        shape[(channel == Channel.OUTBOUND) & ~spam] = Shape.ANSWERED
        shape[(age < 6 * 3600) & (share < 0.6) & (channel != Channel.OUTBOUND)] = Shape.SILENT
        shape[age < 1800] = Shape.SILENT
        channel[(channel == Channel.OUTBOUND) & (shape == Shape.SILENT)] = Channel.CHAT
        return shape.astype(np.uint8)

    def _draw_ends(self, indexes: NDArray[np.int64], span: slice) -> None:
        """Last change and state. What would end after the sample's end is still going on."""
        created = self.created_at[span]
        shape = self._bytes["shape"][span]
        mail = self._bytes["channel"][span] == Channel.EMAIL
        normal = self._draw_normal(indexes)
        seconds = np.select(
            [
                shape == Shape.SILENT,
                shape == Shape.ACKNOWLEDGED,
                shape == Shape.ASSISTED,
                shape == Shape.DISMISSED,
                shape == Shape.LONG,
                mail,
            ],
            [
                0.0,
                np.clip(12 * np.exp(0.6 * normal), 3, 90),
                np.clip(210 * np.exp(0.7 * normal), 60, 2700),
                np.clip(9000 * np.exp(1.4 * normal), 60, 4 * DAY),
                np.clip(40 * DAY * np.exp(0.3 * normal), 21 * DAY, 70 * DAY),
                np.clip(52_000 * np.exp(1.1 * normal), 1500, 21 * DAY),
            ],
            np.clip(4000 * np.exp(1.4 * normal), 900, 12 * DAY),
        )
        room = (self.spec.end_second - 1 - created).astype(np.float64)
        running = seconds > room
        share = draw_uniform(self.key("cut"), indexes)
        length = np.where(running, room * (0.5 + 0.5 * share), seconds).astype(np.int64)
        self.updated_at[span] = created + length
        self._bytes["state"][span] = self._draw_states(indexes, shape, running)

    def _draw_states(
        self, indexes: NDArray[np.int64], shape: NDArray[np.uint8], running: NDArray[np.bool_]
    ) -> NDArray[np.uint8]:
        share = draw_uniform(self.key("state"), indexes)
        answered = np.select(
            [share < 0.84, share < 0.96], [State.CLOSED, State.OPEN], State.SNOOZED
        )
        over = np.isin(shape, (Shape.DISMISSED, Shape.ASSISTED))
        state = np.where(
            over, State.CLOSED, np.where(shape == Shape.ANSWERED, answered, State.OPEN)
        )
        state[running & (shape == Shape.ANSWERED)] = State.OPEN
        return state.astype(np.uint8)

    def _draw_further_issues(
        self,
        indexes: NDArray[np.int64],
        theme: NDArray[np.uint8],
        column: dict[str, NDArray[np.uint8]],
    ) -> None:
        """A second issue in 12 %, a third in 1.5 %; never with or as spam or general talk."""
        weights = [theme.weight if theme.area else 0.0 for theme in self.grammar.themes]
        cumulative: NDArray[np.float64] = np.cumsum(np.array(weights, dtype=np.float64))
        share = draw_uniform(self.key("issues"), indexes)
        apart = ~(self._spam | self._general)[theme]
        before = theme
        for name, limit in (("second", 0.137), ("third", 0.017)):
            points = draw_uniform(self.key(name), indexes) * float(cumulative[-1])
            other = np.searchsorted(cumulative, points, side="right").astype(np.uint8)
            present = apart & (share < limit) & (other != theme) & (other != before)
            column[name][:] = np.where(present, other, NONE)
            before = other
        column["third"][column["second"] == NONE] = NONE

    def _draw_tags(
        self,
        indexes: NDArray[np.int64],
        theme: NDArray[np.uint8],
        column: dict[str, NDArray[np.uint8]],
    ) -> None:
        """Teammates tag 45 % of what they answer with its area, and are wrong in one of twelve."""
        areas = [area.key for area in self.grammar.setting.areas]
        of_theme = np.array(
            [areas.index(theme.area) if theme.area else NONE for theme in self.grammar.themes],
            dtype=np.uint8,
        )
        area = of_theme[theme]
        share = draw_uniform(self.key("area tag"), indexes)
        other = hash_indexes(self.key("wrong tag"), indexes) % np.uint64(len(areas))
        worked_on = np.isin(column["shape"], (Shape.ANSWERED, Shape.LONG))
        tagged = worked_on & (area != NONE) & (share < 0.45)
        column["area_tag"][:] = np.where(
            tagged, np.where(share < 0.0375, other.astype(np.uint8), area), NONE
        )
        extra = hash_indexes(self.key("extra tag"), indexes) % np.uint64(1000)
        kinds = len(self.grammar.setting.tags)
        column["extra_tag"][:] = np.where(
            worked_on & (extra < 90), (extra % np.uint64(kinds)).astype(np.uint8), NONE
        )

    def _draw_specials(
        self,
        indexes: NDArray[np.int64],
        spam: NDArray[np.bool_],
        column: dict[str, NDArray[np.uint8]],
    ) -> None:
        """Injections in every kind by turns, one in 50; redactions, one in 100."""
        size = 50
        kinds = len(self.grammar.injections)
        chosen = self._choose_one_per_block("injection", indexes, size)
        turn = (indexes // size + self.spec.seed % kinds) % kinds
        column["injection"][:] = np.where(chosen, turn, NONE).astype(np.uint8)
        fit = (column["shape"] == Shape.ANSWERED) & (column["channel"] != Channel.OUTBOUND)
        redacted = self._choose_one_per_block("redaction", indexes, 100) & fit & ~spam
        kind = np.where((indexes // 100) % 4 == 3, Redaction.SOURCE, Redaction.PART)
        column["redaction"][:] = np.where(redacted, kind, Redaction.NOTHING)

    def _assign_contacts(self) -> None:
        """Three new contacts in five conversations; the other two come from earlier ones.

        Early contacts are likelier, so that a few write often. Junk comes from its own senders.
        """
        number = self.spec.number
        theme = self._bytes["theme"]
        is_first = np.zeros(number, dtype=np.bool_)
        starts = first_conversation(np.arange(count_writers(number), dtype=np.int64))
        is_first[starts] = True
        for junk in (False, True):
            writers = np.flatnonzero(self._spam[theme[starts]] == junk).astype(np.int32)
            for indexes in self._walk():
                mine = indexes[self._spam[theme[indexes]] == junk]
                self.contact[mine] = self._pick_writers(mine, writers, is_first[mine])

    def _pick_writers(
        self,
        indexes: NDArray[np.int64],
        writers: NDArray[np.int32],
        is_first: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """`writers` are the contacts that may have written these, by first appearance."""
        own = own_contact(indexes)
        seen = np.searchsorted(writers, own, side="right")
        share = draw_uniform(self.key("contact"), indexes) ** 1.45
        if not len(writers):
            return own
        earlier = writers[(share * seen).astype(np.int64)]
        return np.where(is_first, own, earlier)

    # ------------------------------------------------------------ draws

    def _draw_normal(self, indexes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Standard normal numbers by the method of Box and Muller."""
        radius = np.sqrt(-2 * np.log1p(-draw_uniform(self.key("radius"), indexes)))
        return radius * np.cos(2 * np.pi * draw_uniform(self.key("angle"), indexes))

    def _choose_one_per_block(
        self, purpose: str, indexes: NDArray[np.int64], size: int
    ) -> NDArray[np.bool_]:
        """One index of each block of `size` consecutive ones, at a random place in it."""
        block = indexes // size
        place = hash_indexes(self.key(purpose), block) % np.uint64(size)
        return (indexes % size).astype(np.uint64) == place


def own_contact(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """The contact that first appears at or before this conversation."""
    return index * 3 // 5


def first_conversation(contact: NDArray[np.int64]) -> NDArray[np.int64]:
    """The conversation in which a contact first appears."""
    return (contact * 5 + 2) // 3


def first_conversation_of(contact: int) -> int:
    """`first_conversation` of one contact."""
    return (contact * 5 + 2) // 3


def count_writers(number: int) -> int:
    """Contacts that have written at least once."""
    return (number - 1) * 3 // 5 + 1
