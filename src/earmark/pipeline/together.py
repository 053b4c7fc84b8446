"""What many ask for at once is done in one go; while it is being done, the next ones gather."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

_Group = TypeVar("_Group", bound=Hashable)
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Together(Generic[_Group, _Item, _Result]):
    """Hands what was asked for in a group to `work`, which returns a result or an error for each.

    An error that `work` raises is that of each item of the group.
    """

    def __init__(
        self,
        work: Callable[[_Group, Sequence[_Item]], Awaitable[Sequence[_Result | Exception]]],
    ) -> None:
        self._work = work
        self._waiting: dict[_Group, list[tuple[_Item, asyncio.Future[_Result]]]] = defaultdict(list)
        self._worker: asyncio.Task[None] | None = None

    async def do(self, group: _Group, item: _Item) -> _Result:
        """Do it with the others of its group; raises what went wrong with this one."""
        future: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._waiting[group].append((item, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._go_on())
        return await future

    async def _go_on(self) -> None:
        while self._waiting:
            group = next(iter(self._waiting))
            batch = self._waiting.pop(group)
            try:
                results = await self._work(group, [item for item, _ in batch])
            except Exception as error:  # noqa: BLE001 - handed to those who wait, who raise it
                results = [error] * len(batch)
            for (_, future), result in zip(batch, results, strict=True):
                if future.done():
                    continue  # whoever waited was cancelled
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)
