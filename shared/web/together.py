"""Questions to PostgreSQL that come at the same time, asked in one statement: one round trip and one commit for all."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

import psycopg

from shared.web.direct import Connection, connections

UNDER_WAY = 2
MOST = 64
Q = TypeVar("Q")
A = TypeVar("A")
Ask = Callable[[Connection, Sequence[Q]], Awaitable[Sequence[A]]]


class Together(Generic[Q, A]):
    """`ask` answers several questions, in their order, by one statement that is its own commit.

    A question waits for nobody while fewer than UNDER_WAY statements run; those that come meanwhile go with the next
    one. When a statement is refused, each of its questions is asked alone, so that one bad row spoils no other.
    """

    def __init__(self, service: str, ask: Ask[Q, A]) -> None:
        self.service = service
        self.ask = ask
        self._of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting[Q, A]] = WeakKeyDictionary()

    async def __call__(self, question: Q) -> A:
        loop = asyncio.get_running_loop()
        waiting = self._of_loops.get(loop)
        if waiting is None:
            waiting = self._of_loops[loop] = _Waiting(self)
        return await waiting.answer_to(question, loop)


class _Waiting(Generic[Q, A]):
    """The questions of one event loop that no statement has taken yet."""

    def __init__(self, together: Together[Q, A]) -> None:
        self.together = together
        self.questions: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self.tasks: set[asyncio.Task[None]] = set()

    def answer_to(self, question: Q, loop: asyncio.AbstractEventLoop) -> asyncio.Future[A]:
        answer: asyncio.Future[A] = loop.create_future()
        self.questions.append((question, answer))
        if len(self.tasks) < UNDER_WAY:
            task = loop.create_task(self._work(), context=Context())  # of no request: its id is not for others' logs
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        return answer

    async def _work(self) -> None:
        while self.questions:
            taken = [self.questions.popleft() for _ in range(min(MOST, len(self.questions)))]
            await self._tell([pair for pair in taken if not pair[1].done()])

    async def _tell(self, taken: list[tuple[Q, asyncio.Future[A]]]) -> None:
        [answers] = await asyncio.gather(self._asked([question for question, _ in taken]), return_exceptions=True)
        if len(taken) > 1 and _is_of_one(answers):
            for pair in taken:
                await self._tell([pair])
            return
        for place, (_, answer) in enumerate(taken):
            if answer.done():  # its request went away
                continue
            if isinstance(answers, BaseException):
                answer.set_exception(answers)
            else:
                answer.set_result(answers[place])

    async def _asked(self, questions: Sequence[Q]) -> Sequence[A]:
        async with connections(self.together.service).use() as connection:
            return await self.together.ask(connection, questions)


def _is_of_one(answers: object) -> bool:
    """Whether it failed by what one question says (or by a deadlock), so that the others may still be answered."""
    if isinstance(answers, psycopg.OperationalError):
        return isinstance(answers, psycopg.errors.DeadlockDetected)
    return isinstance(answers, Exception)
