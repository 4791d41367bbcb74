"""`sync --again`, `check` and `forget`, on a real server and a real file."""

import asyncio
import uuid
from pathlib import Path

import pytest
from temporalio.client import Client

import warehouse
from tests.fixtures.workflows import Story, storyteller, until

QUEUE = f"again-{uuid.uuid4().hex[:8]}"
STREAM = """
stream = "story"
[item]
workflow_types = ["Story"]
{segments}
[[stages]]
name = "begun"
lane = "desk"
enter = [{{ start = true }}]
"""


def configure(company, segments: str = "") -> None:
    path = company.folder / "story.stream.toml"
    path.write_text(STREAM.format(segments=segments))
    temporal = f"[[temporal]]\nquery = \"TaskQueue = '{QUEUE}'\"\nvisibility_per_second = 50"
    company.config.write_text(f'streams = ["{path}"]\n{temporal}\n[server]\nport = 0\n')


async def told(address: str) -> None:
    client = await Client.connect(address)
    async with storyteller(client, QUEUE):
        await client.execute_workflow(
            Story.run, [["greet", "Ada"]], id="claim-of-ada", task_queue=QUEUE, memo={"channel": "mail"}
        )

        async def listed() -> bool:
            return (await client.count_workflows(f"TaskQueue = '{QUEUE}' AND CloseTime IS NOT NULL")).count == 1

        await until(listed)


async def begun(address: str) -> None:
    """One more, which nobody works on."""
    await (await Client.connect(address)).start_workflow(Story.run, [], id="claim-of-bert", task_queue=QUEUE)


@pytest.mark.server
def test_values_declared_later_are_filled_in_both_sides_compared_and_an_item_forgotten(
    company, temporal_server, monkeypatch
):
    asyncio.run(told(temporal_server))
    configure(company)
    address = {"TEMPORAL_ADDRESS": temporal_server}
    assert company.run("sync", **address).returncode == 0

    checked = company.run("check", **address)
    assert checked.returncode == 0, checked.stdout
    assert "open 0 here, 0 there; closed since" in checked.stdout
    assert "1 here, 1 there" in checked.stdout

    asyncio.run(begun(temporal_server))
    differing = company.run("check", **address)
    assert "open 0 here, 1 there" in differing.stdout
    assert "1 orphan (there, and not here): claim-of-bert (run " in differing.stdout

    configure(company, 'segments = ["memo.channel"]')
    again = company.run("sync", "--again", **address)
    assert again.returncode == 0, again.stderr
    assert "main/default: 2 runs read again, 0 not there any more, 1 were not as there" in again.stderr
    assert values(company.warehouse) == [("memo.channel", "mail")]

    forgotten = company.run("forget", "claim-of-ada")
    assert forgotten.returncode == 0, forgotten.stderr
    assert forgotten.stdout.startswith("Forgotten: 1 items, 1 runs, 0 database rows. Temporal, the databases")
    assert b"claim-of-ada" not in company.warehouse.read_bytes()
    assert company.run("sync", **address).returncode == 0
    assert company.run("sync", "--again", **address).returncode == 0
    assert b"claim-of-ada" not in company.warehouse.read_bytes()
    assert values(company.warehouse) == [("memo.channel", None)]

    nobody = company.run("forget", "nobody")
    assert nobody.returncode == 1
    assert "Nothing here has the business key, workflow id or run id 'nobody'." in nobody.stderr

    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_server)
    company.up()
    beside = company.run("check", **address)
    assert beside.returncode == 0, beside.stdout
    assert "compared by the service: open " in beside.stdout


def values(path: Path):
    opened = warehouse.open_warehouse(path)
    con = opened.cursor()
    found = warehouse.rows(con, "SELECT path, value FROM attribute")
    con.close()
    opened.close()
    return [(row["path"], row["value"]) for row in found]
