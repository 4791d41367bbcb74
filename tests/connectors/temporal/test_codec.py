"""Encoded payloads are opened by a codec server, for declared paths only; a real server over HTTP."""

import asyncio
import base64
import json
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import DataConverter, PayloadCodec

import warehouse
from connectors.errors import ConnectorError
from connectors.temporal.again import read_again
from connectors.temporal.codec import MOST_PAYLOADS, Codec
from connectors.temporal.config import CodecConfig
from tests.fixtures.history_events import Path
from tests.fixtures.streams import a_stream, by_attribute, put_in_force
from tests.fixtures.workflows import Story, storyteller, until

TOKEN = "Bearer of the codec"
POISON = b"poison"
DECLARED = (
    Path("activity_result", "greet", "result.greeting"),
    Path("signal", "tell", "input.word"),
    Path("memo", None, "memo.channel"),
)


class Zipped(PayloadCodec):
    """Stands for encryption: nobody reads it without the codec."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [zipped(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [unzipped(payload) for payload in payloads]


def zipped(payload: Payload) -> Payload:
    return Payload(metadata={"encoding": b"binary/zlib"}, data=zlib.compress(payload.SerializeToString()))


def unzipped(payload: Payload) -> Payload:
    if payload.metadata.get("encoding") != b"binary/zlib":
        return payload
    return Payload.FromString(zlib.decompress(payload.data))


class CodecServer:
    """Answers POST /decode as Temporal's samples do; one bad payload fails the whole request."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str | None, str | None, int]] = []
        self.is_down = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payloads = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["payloads"]
                headers = self.headers.get("X-Namespace"), self.headers.get("Authorization")
                outer.requests.append((self.path, *headers, len(payloads)))
                status, answer = outer.answer(headers[1], payloads)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}/codec/{{namespace}}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()

    def answer(self, authorization: str | None, payloads: list[dict[str, Any]]) -> tuple[int, bytes]:
        if self.is_down:
            return 503, b"back soon"
        if authorization != TOKEN:
            return 401, b"who are you?"
        data = [base64.b64decode(payload["data"]) for payload in payloads]
        if POISON in data:
            return 400, b"no such key"
        opened = [Payload.FromString(zlib.decompress(each)) for each in data]
        told = [
            {
                "metadata": {key: base64.b64encode(value).decode() for key, value in payload.metadata.items()},
                "data": base64.b64encode(payload.data).decode(),
            }
            for payload in opened
        ]
        return 200, json.dumps({"payloads": told}).encode()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def codec_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[CodecServer]:
    monkeypatch.setenv("CODEC_TOKEN", TOKEN)
    server = CodecServer()
    yield server
    server.close()


def a_codec(server: CodecServer, **settings: Any) -> Codec:
    config = CodecConfig(**{"endpoint": server.endpoint, "token_env": "CODEC_TOKEN"} | settings)
    return Codec(config, "default")


def plain(value: Any) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


def opened_by(codec: Codec, payloads: Iterable[Payload]) -> None:
    async def story() -> None:
        await codec.open(list(payloads))
        await codec.close()

    asyncio.run(story())


def test_payloads_go_out_in_portions_with_namespace_and_credentials(codec_server: CodecServer) -> None:
    payloads = [zipped(plain(number)) for number in range(2 * MOST_PAYLOADS + 1)]
    codec = a_codec(codec_server)
    opened_by(codec, [*payloads, plain("readable already")])
    assert payloads == [plain(number) for number in range(2 * MOST_PAYLOADS + 1)]
    sent = ("/codec/default/decode", "default", TOKEN)
    assert codec_server.requests == [(*sent, MOST_PAYLOADS), (*sent, MOST_PAYLOADS), (*sent, 1)]
    assert codec.fault is None


def test_one_payload_that_cannot_be_opened_costs_only_itself(codec_server: CodecServer) -> None:
    poison = Payload(metadata={"encoding": b"binary/zlib"}, data=POISON)
    payloads = [*(zipped(plain(number)) for number in range(9)), poison]
    codec = a_codec(codec_server)
    opened_by(codec, payloads)
    assert payloads[:9] == [plain(number) for number in range(9)]
    assert payloads[9].data == POISON
    assert codec.fault is not None
    assert "answered: 400 no such key. Those values are missing" in codec.fault


@pytest.mark.parametrize(
    ("settings", "is_down", "told"),
    [({"token_env": None}, False, "401 who are you?"), ({}, True, "503 back soon")],
)
def test_a_server_that_opens_nothing_is_asked_once_a_round(
    codec_server: CodecServer, settings: dict[str, Any], is_down: bool, told: str
) -> None:
    codec_server.is_down = is_down
    payloads = [zipped(plain(number)) for number in range(2 * MOST_PAYLOADS)]
    codec = a_codec(codec_server, **settings)
    opened_by(codec, payloads)
    assert codec.fault is not None
    assert told in codec.fault
    assert len(codec_server.requests) == 1


def test_credentials_that_are_not_there_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODEC_TOKEN", raising=False)
    with pytest.raises(ConnectorError, match=r"\$CODEC_TOKEN, which is not set"):
        Codec(CodecConfig(endpoint="http://localhost:1", token_env="CODEC_TOKEN"), "default")


@pytest.mark.server
def test_declared_values_of_encoded_payloads_arrive_and_what_a_codec_failed_to_open_is_filled_in_later(
    mirror: Any, codec_server: CodecServer
) -> None:
    mirror.declared = DECLARED
    mirror.codec = CodecConfig(endpoint=codec_server.endpoint, token_env="CODEC_TOKEN")
    put_in_force(mirror.con, a_stream(by_attribute("quote", "done"), item={"workflow_types": ["Story"]}))
    codec_server.is_down = True

    async def story() -> None:
        client = await Client.connect(mirror.address, data_converter=DataConverter(payload_codec=Zipped()))
        steps = [["greet", "Ada"], ["timer", 0.01, "remind Ada"], ["wait", "go"]]
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(
                Story.run, steps, id=mirror.prefix, task_queue=mirror.queue, memo={"channel": "mail"}
            )
            await handle.signal(Story.tell, {"word": "go"})
            await handle.result()
        await until(lambda: ended(mirror))
        run_id = mirror.run(mirror.prefix)["run_id"]
        missing = mirror.rows("SELECT path, value, note FROM attribute ORDER BY path")
        assert [(row["path"], row["value"]) for row in missing] == [
            ("input.word", None),
            ("memo.channel", None),
            ("result.greeting", None),
        ]
        assert all(row["note"].startswith("binary/zlib, ") and row["note"].endswith(" bytes") for row in missing)
        assert any("503 back soon" in (row["error"] or "") for row in mirror.rows("SELECT error FROM sync_round"))

        codec_server.is_down = False
        runs = warehouse.runs_of_items(mirror.con, "main/default")
        async for part in read_again(mirror.connection, runs=runs, declared=DECLARED):
            if isinstance(part, warehouse.Batch):
                warehouse.write_batch(mirror.con, "main/default", part, mirror.clock())
            else:
                assert (part.runs, part.error) == (1, None)
        filled = [("input.word", "go"), ("memo.channel", "mail"), ("result.greeting", "Hello Ada")]
        assert sorted((path, value) for _, path, value in mirror.attributes(run_id)) == filled
        assert mirror.rows("SELECT 1 FROM attribute WHERE note IS NOT NULL") == []

        # Another mirror, with the codec server up from the start, also learns the names of timers.
        mirror.con.execute(
            "DELETE FROM run; DELETE FROM event; DELETE FROM attribute; UPDATE source SET watermark = NULL"
        )
        await mirror.connect()
        await until(lambda: ended(mirror))
        assert sorted((path, value) for _, path, value in mirror.attributes(run_id)) == filled
        assert mirror.event(run_id, 17)["name"] == "remind Ada"
        # Nothing was sent that nobody asked for: the input of the run and of the activity stayed where they were.
        assert sum(count for *_, count in codec_server.requests[-1:]) == 4

    asyncio.run(story())


async def ended(mirror: Any) -> bool:
    await mirror.round()
    return bool(mirror.rows("SELECT 1 FROM run WHERE is_complete"))
