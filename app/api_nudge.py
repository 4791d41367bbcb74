"""Nudges over the local HTTP API. Who asks is whoever may read the service's token: the account it runs under."""

import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from actions.plan import Plan
from actions.send import Sent
from app.cli_journal import faults_of
from app.errors import AskError, user_errors
from app.nudge_ask import ask_from
from app.nudging import Sending
from app.service import Service

MOST_RECORDS = 10_000
Handler = Callable[[Request], Awaitable[Response]]


def nudge_routes(service: Service, guarded: Callable[[Handler], Handler]) -> list[Route]:
    """Plan, send, go on, and what was done."""

    async def plan(request: Request) -> Response:
        body = await request.body()
        made = await run_in_threadpool(_plan, service, body)
        return JSONResponse(plan_row(made))

    async def send(request: Request) -> Response:
        told = _told(await request.body(), "plan", "hash", "reason")
        actor = service.config.users.on_command_line()
        sending = service.nudging.send(actor, told["plan"], told["hash"], told["reason"])
        return StreamingResponse(_lines(sending), media_type="application/x-ndjson")

    async def go_on(request: Request) -> Response:
        told = _told(await request.body(), "plan", "reason")
        actor = service.config.users.on_command_line()
        sending = await run_in_threadpool(service.nudging.go_on, actor, told["plan"], told["reason"])
        return StreamingResponse(_lines(sending, with_plan=True), media_type="application/x-ndjson")

    async def journal(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(_journal, service, request))

    return [
        Route("/api/nudge/plan", guarded(plan), methods=["POST"]),
        Route("/api/nudge/send", guarded(send), methods=["POST"]),
        Route("/api/nudge/continue", guarded(go_on), methods=["POST"]),
        Route("/api/journal", guarded(journal)),
    ]


def plan_row(plan: Plan) -> dict[str, Any]:
    """A plan as JSON has it, with its hash."""
    return plan.model_dump(mode="json") | {"hash": plan.hash}


def sent_row(sent: Sent) -> dict[str, Any]:
    """How one line went, as JSON has it."""
    return {"line": sent.line, "outcome": sent.outcome, "words": sent.words, "new_run_id": sent.new_run_id}


def _plan(service: Service, body: bytes) -> Plan:
    ask = ask_from(body)
    stream = ask.stream_in(service.streams)
    order = ask.order(stream)
    with service.warehouse.reading() as con:
        targets = ask.targets(con, stream, datetime.now(UTC))
    return service.nudging.plan(service.config.users.on_command_line(), stream, order, targets)


def _lines(sending: Sending, *, with_plan: bool = False) -> Iterator[str]:
    """A line of JSON for each item. The answer has begun by then, so an error is a line, too."""
    try:
        if with_plan:
            yield json.dumps(plan_row(sending.plan)) + "\n"
        for sent in sending.follow():
            yield json.dumps(sent_row(sent)) + "\n"
    except user_errors() as error:
        yield json.dumps({"error": str(error)}) + "\n"


def _journal(service: Service, request: Request) -> dict[str, Any]:
    plan, limit = request.query_params.get("plan"), request.query_params.get("limit", "1000")
    if not limit.isdecimal() or not 0 < int(limit) <= MOST_RECORDS:
        raise AskError(f"limit is a number from 1 to {MOST_RECORDS}.")
    part = service.nudging.read()
    chosen = [json.loads(record.to_json()) for record in part.records if plan in (None, record.plan)]
    return {"records": chosen[-int(limit) :], "faults": faults_of(part)}


def _told(body: bytes, *names: str) -> dict[str, str]:
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in names):
        raise AskError(f"Send JSON with {', '.join(names)}, each a text.")
    return told
