"""Viewers of a live page without browsers: they speak Streamlit's protocol, ask for refreshes, and time the answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_SECONDS = 120.0


@dataclass
class LiveViewer:
    """One viewer. took: seconds from asking for a refresh to having all of it. refreshed: bytes of the refreshes."""

    address: str
    took: list[float] = field(default_factory=list)
    received: int = 0
    refreshed: int = 0

    async def watch(
        self, refreshes: int, every_seconds: float, ready: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Open the page, wait until all are `ready`, then refresh so many times."""
        url = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        async with connect(url, origin=self.address, max_size=None, subprotocols=["streamlit"]) as socket:
            fragment, page = await self._open(socket)
            if ready:
                await ready()
            due = time.monotonic()
            for _ in range(refreshes):
                due += every_seconds
                await asyncio.sleep(max(due - time.monotonic(), 0))
                await self._refresh(socket, fragment, page)

    async def _refresh(self, socket: ClientConnection, fragment: str, page: str) -> None:
        begun, before = time.monotonic(), self.received
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        message.rerun_script.page_script_hash = page
        message.rerun_script.is_auto_rerun = True
        await socket.send(message.SerializeToString())
        await self._until_finished(socket)
        self.took.append(time.monotonic() - begun)
        self.refreshed += self.received - before

    async def _open(self, socket: ClientConnection) -> tuple[str, str]:
        message = BackMsg()
        message.rerun_script.query_string = ""
        await socket.send(message.SerializeToString())
        seen = await self._until_finished(socket)
        fragments = [each.auto_rerun.fragment_id for each in seen if each.WhichOneof("type") == "auto_rerun"]
        pages = [each.new_session.page_script_hash for each in seen if each.WhichOneof("type") == "new_session"]
        if not fragments:
            raise RuntimeError("The page does not refresh by itself.")
        return fragments[0], pages[-1]

    async def _until_finished(self, socket: ClientConnection) -> list[ForwardMsg]:
        seen: list[ForwardMsg] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not seen or seen[-1].WhichOneof("type") != "script_finished":
                content = await socket.recv()
                assert isinstance(content, bytes)
                self.received += len(content)
                message = ForwardMsg()
                message.ParseFromString(content)
                seen.append(message)
        return seen


async def watch_together(
    address: str, viewers: int, refreshes: int, every_seconds: float, all_here: Callable[[], None]
) -> list[LiveViewer]:
    """So many viewers, spread evenly over one pause, each with so many refreshes.

    all_here: called once when every one has the page, before the first refresh.
    """
    barrier = asyncio.Barrier(viewers)

    async def ready(number: int) -> None:
        if await barrier.wait() == 0:
            all_here()
        await asyncio.sleep(number * every_seconds / viewers)

    all_of_them = [LiveViewer(address) for _ in range(viewers)]
    await asyncio.gather(
        *(viewer.watch(refreshes, every_seconds, partial(ready, n)) for n, viewer in enumerate(all_of_them))
    )
    return all_of_them
