"""People at work in the past: they plan with the same agenda as the live office, but without a list to look at."""

import math
from functools import partial
from random import Random
from typing import Generic

from temporalio.client import Client, WorkflowExecutionStatus

from sample_data.acts import Act, Seen
from sample_data.agenda import Agenda, Noted
from sample_data.business import Arriving, Business
from sample_data.contact import Contact
from sample_data.past.clockwork import Clockwork
from sample_data.past.seasons import in_season

# The live office reads its list this often, and sees then what has moved.
TICK_SECONDS = 2.0
# Whatever is still open after so long is given up by an operator: a recorded past ends.
LONGEST_SECONDS = 6 * 3600.0


class Desks(Generic[Seen, Arriving]):
    """Everybody who works in one stream, driven by a clockwork. `closed` are the cases that have ended."""

    def __init__(self, client: Client, clockwork: Clockwork, business: Business[Seen, Arriving], seed: int) -> None:
        self.closed: list[str] = []
        self.agenda = Agenda(self._plan, seed)
        self._client = client
        self._clockwork = clockwork
        self._business = business
        self._contact = Contact(client, business.workflow_type, business.status)
        self._looks: dict[str, float] = {}
        self._began: dict[str, float] = {}

    def expect(self, seconds: float, workflow_id: str, dice: Random) -> None:
        """A case will come in then."""
        self._clockwork.at(seconds, partial(self._arrive, workflow_id, dice))

    def _plan(self, status: Seen, dice: Random) -> tuple[Act, ...]:
        acts = (in_season(act, self._clockwork.now) for act in self._business.plan(status, dice))
        return tuple(sorted(acts, key=lambda act: act.after_seconds))

    async def _arrive(self, workflow_id: str, dice: Random) -> None:
        arriving = self._business.arrival(dice)
        await self._business.start(self._contact.line(arriving.by), workflow_id, arriving, 1.0)
        self.agenda.cases[workflow_id] = Noted()
        self._began[workflow_id] = self._clockwork.now
        self._look_at(self._clockwork.now, workflow_id)

    def _look_at(self, seconds: float, workflow_id: str) -> None:
        tick = (math.floor(seconds / TICK_SECONDS) + 1) * TICK_SECONDS
        self._looks[workflow_id] = tick
        self._clockwork.at(tick, partial(self._look, tick, workflow_id))

    async def _look(self, planned_for: float, workflow_id: str) -> None:
        if self._looks.get(workflow_id) != planned_for:
            return  # Another look was planned since.
        status = await self._contact.look(workflow_id)
        if await self._has_ended(workflow_id, status):
            del self.agenda.cases[workflow_id], self._looks[workflow_id]
            self.closed.append(workflow_id)
            return
        self.agenda.saw(workflow_id, status, self._clockwork.now)
        self._look_at(self.agenda.cases[workflow_id].look_again_at, workflow_id)
        self._wake_for_next_act()

    async def _has_ended(self, workflow_id: str, status: Seen | None) -> bool:
        is_old = self._clockwork.now - self._began[workflow_id] > LONGEST_SECONDS
        if status is not None and status.waiting_for is not None and not is_old:
            return False
        handle = self._client.get_workflow_handle(workflow_id)
        if (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING:
            return True
        if is_old:
            await handle.terminate("given up: nothing has come of it")
        return is_old

    def _wake_for_next_act(self) -> None:
        if self.agenda.next_act_at is not None:
            self._clockwork.at(self.agenda.next_act_at, self._act)

    async def _act(self) -> None:
        for workflow_id, act in list(self.agenda.take_due(self._clockwork.now)):
            await self._contact.perform(workflow_id, act)
            self.agenda.acted(workflow_id, self._clockwork.now)
            self._look_at(self._clockwork.now, workflow_id)
        self._wake_for_next_act()
