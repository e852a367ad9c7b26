"""An answer within its deadline, or a cancellation: never the one in place of the other."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from monitor.errors import DatabaseUnreachable
from monitor.pg import Connection
from monitor.rollback.held import answer


class Socket:
    """Remembers whether it was cut."""

    cut = False

    def terminate(self) -> None:
        self.cut = True


async def test_a_cancellation_that_meets_the_answer_is_not_lost() -> None:
    """Whoever ends a task would wait for it for ever."""
    said: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def question() -> int:
        return await said

    async def looking() -> None:
        await answer(cast(Connection, Socket()), question(), "asking", 60.0)
        await asyncio.Event().wait()

    task = asyncio.create_task(looking())
    for _ in range(3):
        await asyncio.sleep(0)
    said.set_result(1)
    await asyncio.sleep(0)  # the answer is there, and perhaps nobody has taken it yet
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    assert done
    assert task.cancelled()


async def test_silence_cuts_the_connection() -> None:
    """After its deadline nothing that is still to come would be the answer to the next question."""
    socket: Any = Socket()
    with pytest.raises(DatabaseUnreachable, match="asking: no answer within its deadline"):
        await answer(socket, asyncio.Event().wait(), "asking", 0.01)
    assert socket.cut
