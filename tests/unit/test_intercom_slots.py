"""How many requests are in flight, whatever comes of them."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from earmark.slots import Slots


class Work:
    """Requests that end when they are told to, and how many were in flight."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.in_flight = 0
        self.most = 0
        self._ends = asyncio.Event()

    async def request(self) -> None:
        async with self.slots.slot():
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
            await self._ends.wait()
            self.in_flight -= 1

    async def end(self) -> None:
        """Let those in flight end."""
        ending, self._ends = self._ends, asyncio.Event()
        ending.set()
        await settle()


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


@given(st.lists(st.sampled_from(["succeed", "fail"]), max_size=30), st.integers(1, 40))
def test_no_more_are_in_flight_than_the_limit(answers: list[str], most: int) -> None:
    async def check() -> None:
        seconds = iter(range(1_000))
        slots = Slots(most, lambda: next(seconds))
        work = Work(slots)
        tasks = [asyncio.ensure_future(work.request()) for _ in range(200)]
        await settle()
        for answer in answers:
            (slots.succeed if answer == "succeed" else slots.fail)()
            await work.end()
            unfinished = sum(not task.done() for task in tasks)
            assert work.in_flight == min(slots.limit, unfinished)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert work.most <= most

    asyncio.run(check())


async def test_a_slot_comes_back_from_a_request_that_was_cancelled() -> None:
    work = Work(Slots(1))
    first = asyncio.ensure_future(work.request())
    waiting = asyncio.ensure_future(work.request())
    await settle()
    first.cancel()
    waiting.cancel()
    await asyncio.gather(first, waiting, return_exceptions=True)
    async with asyncio.timeout(1), work.slots.slot():
        pass
