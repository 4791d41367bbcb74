"""Asking a run about itself, on a real server with a real worker."""

import asyncio

import pytest

from connectors.errors import ConnectorError
from connectors.temporal.questions import STACK_TRACE, ask_run, metadata_of
from tests.fixtures.workflows import Story, storyteller

pytestmark = pytest.mark.server


def test_a_run_says_where_its_code_stands_and_what_it_may_be_asked(mirror):
    stack, found = asyncio.run(asked(mirror))

    assert "Stack for <Task pending name='run (workflow: Story" in stack
    assert (found.details, found.queries) == ("", ())


async def asked(mirror):
    client, connection = await mirror.client(), await mirror.connect()
    async with storyteller(client, mirror.queue):
        handle = await client.start_workflow(
            Story.run, [["wait", "go"]], id=f"{mirror.prefix}-asked", task_queue=mirror.queue
        )
        run = (handle.id, handle.result_run_id)
        stack = await ask_run(connection, *run, STACK_TRACE)
        found = await metadata_of(connection, *run)
        with pytest.raises(ConnectorError, match="no_such_query"):
            await ask_run(connection, *run, "no_such_query")
    await connection.close()
    return stack, found
