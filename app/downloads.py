"""Extracts and snapshots over HTTP: for the command line behind the token, for a browser behind a signed link."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from app.errors import AskError, user_errors
from app.export_text import query_of, wish_from
from app.exports import Extract, Wish, extracting, stamp
from app.extract_files import MEDIA_TYPES, WRITERS, csv_lines
from app.service import Service
from app.signing import SIGNATURE, UNTIL, is_signed, signed
from warehouse.snapshot import write_snapshot

PATH, SNAPSHOT = "/download", "snapshot"
FORMAT, MANIFEST, MOST, SKIP = "format", "manifest", "most", "skip"
SNAPSHOT_TYPE = "application/vnd.duckdb"


def link(service: Service, wish: Wish, format: str, *, most: int | None = None, skip: int = 0) -> str:
    """Where a browser gets the rows; format: csv, xlsx, parquet, or manifest for what they are. Good for an hour.

    `most` and `skip`: only these of them, as on a page.
    """
    cut = {} if most is None else {MOST: str(most), SKIP: str(skip)}
    return signed(f"{PATH}/{wish.kind}/{wish.name}", query_of(wish, format=format, **cut), service.link_secret)


def snapshot_link(service: Service) -> str:
    """Where a browser gets all documented tables as a DuckDB file. Good for an hour."""
    return signed(f"{PATH}/{SNAPSHOT}", "", service.link_secret)


async def by_link(service: Service, request: Request) -> Response:
    """The rows, or the snapshot, that a link of ours names; 403 for any other."""
    if not is_signed(request.url.path, request.url.query, service.link_secret):
        return JSONResponse({"error": "This link is not ours, was changed, or is over. Open the page again."}, 403)
    try:
        return await respond(service, request)
    except user_errors() as error:
        return JSONResponse({"error": str(error)}, 400)


async def respond(service: Service, request: Request) -> Response:
    """The rows of a request whose sender may have them. Raises what `extracting` raises."""
    if "kind" not in request.path_params:
        return await run_in_threadpool(_snapshot, service)
    given = parse_qs(request.url.query, keep_blank_values=True)
    for ours in (UNTIL, SIGNATURE):
        given.pop(ours, None)
    format = given.pop(FORMAT, ["csv"])[-1]
    most, skip = (_whole(given.pop(name, [""])[-1], name) for name in (MOST, SKIP))
    wish = wish_from(request.path_params["kind"], request.path_params["name"], given)
    return await run_in_threadpool(_rows, service, wish, format, str(request.base_url), (most, skip or 0))


def _whole(text: str, name: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise AskError(f"{name} is a number of rows, not {text!r}.")
    return int(text)


def again_link(base_url: str, wish: Wish) -> str:
    """The page that shows these rows again."""
    where = {text.split("=", 1)[0]: text.split("=", 1)[1] for text in wish.ask.where}
    shown = replace(wish, ask=replace(wish.ask, where=()))
    filters = {f"where.{segment}": value for segment, value in where.items()}
    return f"{base_url.rstrip('/')}/explore?{wish.kind}={wish.name}&{query_of(shown, **filters)}".rstrip("&")


def _rows(service: Service, wish: Wish, format: str, base_url: str, cut: tuple[int | None, int]) -> Response:
    if format not in (*MEDIA_TYPES, MANIFEST):
        raise AskError(f"No format {format!r}. There is: {', '.join((*MEDIA_TYPES, MANIFEST))}.")
    stack = ExitStack()
    try:
        now, (most, skip) = datetime.now(UTC), cut
        rows = extracting(service.warehouse, service.streams, wish, now=now, most=most, skip=skip)
        extract = stack.enter_context(rows)
        about = extract.manifest(again_link(base_url, extract.wish))
        headers = _headers(extract, format)
        if format == MANIFEST:
            stack.close()
            return Response(json.dumps(about, ensure_ascii=False, indent=1), 200, headers, "application/json")
        if format == "csv":
            # The first piece is made here: what is wrong with the question is said before the answer begins.
            pieces = csv_lines(extract)
            return StreamingResponse(_closing(stack, next(pieces), pieces), 200, headers, MEDIA_TYPES[format])
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / f"{wish.name}.{format}"
        WRITERS[format](extract, path, about)
        return FileResponse(path, 200, headers, MEDIA_TYPES[format], BackgroundTask(stack.close))
    except BaseException:
        stack.close()
        raise


def _closing(stack: ExitStack, first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    with stack:
        yield first
        yield from rest


def _snapshot(service: Service) -> Response:
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "streamgauge-snapshot.duckdb"
    try:
        save_snapshot(service, path)
    except BaseException:
        folder.cleanup()
        raise
    headers = {"Content-Disposition": f'attachment; filename="{path.name}"', "Cache-Control": "no-store"}
    return FileResponse(path, 200, headers, SNAPSHOT_TYPE, BackgroundTask(folder.cleanup))


def save_snapshot(service: Service, path: Path) -> dict[str, int]:
    """Write the documented tables into a new DuckDB file; gives the rows of each."""
    con = service.warehouse.cursor()
    try:
        about = {"made_at": stamp(datetime.now(UTC)), "streams": ", ".join(each.stream for each in service.streams)}
        return write_snapshot(con, path, about)
    finally:
        con.close()


def _headers(extract: Extract, format: str) -> dict[str, str]:
    name = f"{extract.wish.name}-{extract.as_of:%Y%m%dT%H%M%SZ}"
    name += ".manifest.json" if format == MANIFEST else f".{format}"
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-As-Of": stamp(extract.as_of),
        "X-Rows": str(extract.rows),
        "Cache-Control": "no-store",
    }
