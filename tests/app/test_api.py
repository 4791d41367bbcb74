"""The HTTP API: behind its token, on this host's names only, every refusal a sentence."""

import asyncio
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

import value_stream
from app import api
from app.config import Config
from app.rounds import Outcome, Rounds
from app.security import LOOPBACK_HOSTS, KnownHosts, SecurityHeaders
from app.service import Service
from tests.app.conftest import STREAM, fill
from tests.fixtures.histories import NOON

TOKEN = "a-token"
URL = "http://127.0.0.1:8501"


class Steady:
    """A source with nothing new, or down."""

    name = "main/default"

    def __init__(self) -> None:
        self.error: str | None = None

    async def read(self) -> Outcome:
        now = datetime.now(UTC)
        return Outcome(self.name, now, now, runs_changed=2, error=self.error)

    async def close(self) -> None:
        pass


class Client:
    """Asks the application without a network between."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self.headers = {"Authorization": f"Bearer {TOKEN}"}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._request(method, path, options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    async def _request(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url=URL, headers=self.headers) as http:
            return await http.request(method, path, **options)


@pytest.fixture
def source() -> Steady:
    return Steady()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """What the tests of this module only read."""
    opened = Service(Config(), fill(None), value_stream.load_all([STREAM]), started_at=NOON)
    yield opened
    opened.close()


@pytest.fixture
def client(source, service) -> Iterator[Client]:
    rounds = Rounds([source], 3600, asyncio.Lock())
    rounds.start()
    middleware = [Middleware(KnownHosts, hosts=LOOPBACK_HOSTS), Middleware(SecurityHeaders)]
    app = Starlette(routes=api.routes(service, rounds, TOKEN), middleware=middleware)
    yield Client(app)
    rounds.stop()


def refusal(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic a-token", "bearer a-token", "Bearer ü"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/status"),
        ("POST", "/api/sync"),
        ("GET", "/api/metrics/in_flight"),
        ("GET", "/api/check"),
        ("GET", "/api/other"),
    ],
)
def test_nothing_is_told_or_done_without_the_token(client, method, path, header):
    headers = {} if header is None else {"Authorization": header.encode()}
    del client.headers["Authorization"]

    response = client.request(method, path, headers=headers)

    assert response.status_code == 401
    assert set(response.json()) == {"error"}


def test_a_metric_as_json(client):
    body = client.get("/api/metrics/in_flight", params={"as_of": NOON.isoformat()}).json()

    assert body["metric"] == "in_flight"
    assert {row["stage"]: row["items"] for row in body["rows"] if row["items"]} == {"request": 1, "classification": 2}


def test_where_and_by_reach_the_metric(client):
    parameters = {"as_of": NOON.isoformat(), "where": "Region=South", "by": "Region"}
    body = client.get("/api/metrics/in_flight", params=parameters).json()

    counted = {(row["stage"], row["Region"]): row["items"] for row in body["rows"] if row["items"]}
    assert counted == {("request", "South"): 1, ("classification", "South"): 1}


def test_csv_is_safe_for_spreadsheets(client):
    text = client.get("/api/metrics/open_items", params={"as_of": NOON.isoformat(), "format": "csv"}).text

    assert '"\'=HYPERLINK(""http://evil"")"' in text


def test_parquet_is_parquet(client):
    response = client.get("/api/metrics/in_flight", params={"as_of": NOON.isoformat(), "format": "parquet"})

    assert sum(pq.read_table(io.BytesIO(response.content))["items"].to_pylist()) == 3


@pytest.mark.parametrize(
    ("path", "parameters", "status", "sentence"),
    [
        ("/api/metrics/inflight", {}, 404, "No metric 'inflight'. Did you mean in_flight?"),
        ("/api/metrics/in_flight", {"format": "xml"}, 400, "No format 'xml'."),
        ("/api/metrics/in_flight", {"stage": "request"}, 400, "No parameter 'stage'."),
        ("/api/metrics/in_flight", {"as_of": "noon"}, 400, "'noon' is no instant."),
        ("/api/metrics/in_flight", {"as_of": "2999-01-01"}, 400, "is in the future"),
        ("/api/metrics/in_flight", {"stream": "claim"}, 400, "No stream 'claim'. There is: service-request."),
        ("/api/metrics/in_flight", {"where": "Region"}, 400, "is no key=value"),
        ("/api/metrics/in_flight", {"window": "30d"}, 400, "takes no window"),
        ("/api/metrics/moves", {"window": "2026-02-01..2026-01-01"}, 400, "ends before it begins"),
        ("/api/metrics/moves", {"window": "a while"}, 400, "is no window"),
        ("/api/nothing", {}, 404, "Nothing at /api/nothing."),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_sentence(client, path, parameters, status, sentence):
    code, told = refusal(client.get(path, params=parameters))

    assert code == status
    assert sentence in told


def test_an_unknown_segment_is_refused_with_a_sentence(client):
    code, told = refusal(client.get("/api/metrics/in_flight", params={"by": "colour"}))

    assert code == 400
    assert "colour" in told


def test_a_round_can_be_asked_for(client):
    answered = client.post("/api/sync").json()["rounds"]

    assert [(each["source"], each["runs_changed"], each["error"]) for each in answered] == [("main/default", 2, None)]


def test_health_needs_no_token_and_tells_the_age_of_the_sync_but_no_names(client):
    client.post("/api/sync")
    del client.headers["Authorization"]

    body = client.get("/healthz").json()

    assert set(body) == {"ok", "sync_age_seconds"}
    assert body["ok"] is True
    assert 0 <= body["sync_age_seconds"] < 60


def test_a_source_that_is_down_is_no_reason_to_restart_the_service(client, source):
    source.error = "It does not answer."
    client.post("/api/sync")

    assert client.get("/healthz").status_code == 200
    assert client.get("/api/status").json()["sources"][0]["last_round"]["error"] == "It does not answer."


def test_the_warehouse_can_be_checked_while_it_is_in_use(client):
    assert client.get("/api/check").json()["warehouse"].startswith("derived rows are what a rebuild gives")


def test_runs_of_a_source_that_is_not_followed_are_not_compared(client):
    assert refusal(client.get("/api/compare", params={"source": "other/default"})) == (
        400,
        "This service follows no Temporal source 'other/default'.",
    )


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8501", "", "[::2]"])
def test_another_host_name_is_refused(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8501", "LOCALHOST", "[::1]:8501", "[::1]"])
def test_our_own_names_are_served(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_every_answer_forbids_frames_and_what_lies_outside(client):
    headers = client.get("/healthz").headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
