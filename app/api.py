"""The local HTTP API: metrics, status, one round now. Loopback only; all but /healthz needs the service's token."""

import hmac
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

import metrics
from app import downloads
from app.answers import REPEATED, SINGLE, Answer, Ask, answer
from app.api_nudge import nudge_routes
from app.errors import AskError, ServiceError, user_errors
from app.formats import MEDIA_TYPES, encoded
from app.imports import import_files
from app.rounds import Follower, Outcome, Rounds
from app.run_comparison import COMPARISONS, sources
from app.service import Service, soundness
from app.source_comparison import in_words
from metrics import MetricError
from warehouse import uneven_items
from warehouse.comparison import differing_rows

# A round waits for its slowest source; a first one may read a whole namespace.
ROUND_TIMEOUT_SECONDS = 3600.0
Handler = Callable[[Request], Awaitable[Response]]


def routes(service: Service, rounds: Rounds, token: str) -> list[Route]:
    """Everything the service answers beside the pages."""

    async def healthz(request: Request) -> Response:
        """Alive, and how old the sync is. For watchdogs, so without a token and without details."""
        age = sync_age_seconds(rounds.state(), datetime.now(UTC))
        return JSONResponse({"ok": rounds.is_alive, "sync_age_seconds": age}, 200 if rounds.is_alive else 503)

    async def metric(request: Request) -> Response:
        return await run_in_threadpool(_metric, service, request)

    async def sync(request: Request) -> Response:
        outcomes = await run_in_threadpool(rounds.round_now, ROUND_TIMEOUT_SECONDS)
        return JSONResponse({"rounds": [outcome_row(outcome) for outcome in outcomes]})

    async def import_(request: Request) -> Response:
        paths = _paths(await request.body())
        return StreamingResponse(_import(service, rounds, paths), media_type="application/x-ndjson")

    export = _guarded(partial(downloads.respond, service), token)
    # For a browser: no token, but a link that a page of ours signed.
    download = partial(downloads.by_link, service)

    async def status(request: Request) -> Response:
        return JSONResponse(_status(service, rounds))

    async def check(request: Request) -> Response:
        return JSONResponse({"warehouse": await run_in_threadpool(_check, service, rounds)})

    async def compare(request: Request) -> Response:
        source = request.query_params.get("source", "")
        return JSONResponse({"compared": await run_in_threadpool(_compare, service, source)})

    return [
        Route("/healthz", healthz),
        Route("/api/metrics/{name}", _guarded(metric, token)),
        Route("/api/sync", _guarded(sync, token), methods=["POST"]),
        Route("/api/check", _guarded(check, token)),
        Route("/api/compare", _guarded(compare, token)),
        Route("/api/export/{kind}/{name}", export),
        Route("/api/snapshot", export),
        Route("/download/{kind}/{name}", download),
        Route("/download/snapshot", download),
        Route("/api/import", _guarded(import_, token), methods=["POST"]),
        Route("/api/status", _guarded(status, token)),
        *nudge_routes(service, lambda handler: _guarded(handler, token)),
        Route("/api/{anything:path}", _guarded(_not_there, token)),
    ]


def sync_age_seconds(followers: list[Follower], now: datetime) -> float | None:
    """Seconds since the last round without error of the source that is furthest behind; None before all had one."""
    ends = [follower.good_at for follower in followers]
    if not ends or None in ends:
        return None
    return round(max((now - end).total_seconds() for end in ends if end is not None), 3)


def outcome_row(outcome: Outcome) -> dict[str, object]:
    """An outcome as JSON has it."""
    return {
        "source": outcome.source,
        "started_at": outcome.started_at.isoformat(),
        "ended_at": outcome.ended_at.isoformat(),
        "runs_changed": outcome.runs_changed,
        "events_added": outcome.events_added,
        "requests": outcome.requests,
        "error": outcome.error,
    }


def _guarded(handler: Handler, token: str) -> Handler:
    """The handler behind the token, its user errors as one sentence of JSON."""

    async def guarded(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode()):
            return JSONResponse({"error": "Send the token of the service file: `Authorization: Bearer ...`."}, 401)
        try:
            return await handler(request)
        except user_errors() as error:
            return JSONResponse({"error": str(error)}, 503 if isinstance(error, ServiceError) else 400)

    return guarded


def _metric(service: Service, request: Request) -> Response:
    name = request.path_params["name"]
    try:
        metrics.find(name)
    except MetricError as error:
        return JSONResponse({"error": str(error)}, 404)
    chosen = request.query_params.get("format", "json")
    if chosen not in MEDIA_TYPES:
        raise AskError(f"No format {chosen!r}. There is: {', '.join(MEDIA_TYPES)}.")
    found = answer(service.warehouse, service.streams, _ask(name, request), now=datetime.now(UTC))
    return Response(encoded(found, chosen), media_type=MEDIA_TYPES[chosen], headers=_headers(found, service))


def _headers(found: Answer, service: Service) -> dict[str, str]:
    return {
        "X-As-Of": found.as_of.isoformat(),
        "X-Data-Version": str(service.data_version),
        "Cache-Control": "no-store",
    }


def _ask(name: str, request: Request) -> Ask:
    given = request.query_params
    known = (*SINGLE, *REPEATED, "format")
    if unknown := sorted(set(given) - set(known)):
        raise AskError(f"No parameter {unknown[0]!r}. There is: {', '.join(known)}.")
    single = {key: given.get(key) for key in SINGLE}
    repeated = {key: tuple(given.getlist(key)) for key in REPEATED}
    return Ask(name, **single, **repeated)  # type: ignore[arg-type]  # their names say which are text and which tuples


def _paths(body: bytes) -> list[Path]:
    try:
        paths = [Path(path) for path in json.loads(body)["paths"]]
    except (ValueError, KeyError, TypeError) as error:
        raise AskError('Send the files to import as JSON: {"paths": ["/folder"]}.') from error
    if not paths or not all(path.is_absolute() for path in paths):
        raise AskError("Name at least one file or folder, each by its absolute path.")
    return paths


def _import(service: Service, rounds: Rounds, paths: list[Path]) -> Iterator[str]:
    """A line of JSON a step. The answer has begun by then, so an error is a line, too."""
    try:
        for step in import_files(service, paths, turn=rounds.quietly):
            yield json.dumps(step.row()) + "\n"
    except user_errors() as error:
        yield json.dumps({"error": str(error)}) + "\n"


def _check(service: Service, rounds: Rounds) -> str:
    with closing(service.warehouse.cursor()) as con:
        return soundness(*rounds.quietly(lambda: (differing_rows(con), uneven_items(con))))


def _compare(service: Service, source: str) -> str:
    """Runs here against runs there, in a sentence or two; what was found within the last minute stands."""
    if source not in sources(service.config):
        raise AskError(f"This service follows no Temporal source {source!r}.")
    return in_words(COMPARISONS.compare(service, source, datetime.now(UTC)).found)


def _status(service: Service, rounds: Rounds) -> dict[str, object]:
    return {
        "started_at": service.started_at.isoformat(),
        "warehouse": str(service.config.warehouse),
        "streams": [stream.stream for stream in service.streams],
        "data_version": service.data_version,
        "is_syncing": rounds.is_alive,
        "sources": [_source_row(follower) for follower in rounds.state()],
    }


def _source_row(follower: Follower) -> dict[str, object]:
    return {
        "source": follower.source.name,
        "failures": follower.failures,
        "last_round": outcome_row(follower.last) if follower.last else None,
    }


async def _not_there(request: Request) -> Response:
    return JSONResponse({"error": f"Nothing at {request.url.path}."}, 404)
