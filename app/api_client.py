"""The other end of the HTTP API: commands reach a running service through it."""

import json
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from app import service_file
from app.answers import Answer, Ask, from_ipc
from app.errors import AskError, ServiceError
from app.export_text import parameters_of
from app.exports import Wish
from app.service_file import Notice

CONNECT_SECONDS = 2.0
# A service that derives much on a busy machine is slow to answer; taken for gone, its file would be opened beside it.
BUSY_SECONDS = 20.0
ANSWER_SECONDS = 60.0


class ServiceClient:
    """A running service, by its notice."""

    def __init__(self, notice: Notice) -> None:
        self.notice = notice
        # Never through a proxy: the service is on this machine, and the token is for it alone.
        self._http = httpx.Client(
            base_url=notice.url,
            headers={"Authorization": f"Bearer {notice.token}"},
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,
        )
        # Commands end soon and close nothing; whoever asks inside a longer life must not leave a socket open.
        weakref.finalize(self, self._http.close)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def answers(self) -> bool:
        """The service is there and knows our token. False when the notice is a leftover: nobody listens, or another."""
        patience = httpx.Timeout(BUSY_SECONDS, connect=CONNECT_SECONDS)
        try:
            return self._http.get("/api/status", timeout=patience).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def ask(self, ask: Ask) -> Answer:
        """The metric's answer. Raises AskError when the service says what is wrong with the question."""
        parameters = [*ask.parameters(), ("format", "arrow")]
        return from_ipc(self.request("GET", f"/api/metrics/{ask.metric}", params=parameters).content)

    def status(self) -> dict[str, Any]:
        """What the service is and does."""
        found: dict[str, Any] = self.request("GET", "/api/status").json()
        return found

    def check(self) -> str:
        """One sentence on a sound warehouse. Raises AskError that says what is wrong with it."""
        return str(self.request("GET", "/api/check", timeout=None).json()["warehouse"])

    def compare(self, source: str) -> str:
        """Runs here against runs there, in a sentence. Raises AskError for a source that it does not follow."""
        answer = self.request("GET", "/api/compare", params={"source": source}, timeout=None)
        return str(answer.json()["compared"])

    def sync(self) -> list[dict[str, Any]]:
        """One round of each source now; waits for it."""
        found: list[dict[str, Any]] = self.request("POST", "/api/sync", timeout=None).json()["rounds"]
        return found

    def import_(self, paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
        """Import the histories below `paths`, which the service can read itself; each step as it is done."""
        body = {"paths": [str(path) for path in paths]}
        yield from self.steps("/api/import", body, "What it reported is kept; import again to go on.")

    def steps(self, path: str, body: dict[str, Any], kept: str) -> Iterator[dict[str, Any]]:
        """What the service tells of a long job, step by step; `kept` says what is left should it break off."""
        try:
            with self._http.stream("POST", path, json=body, timeout=None) as response:
                if not response.is_success:
                    response.read()
                    raise _refusal(response, self.notice)
                for line in response.iter_lines():
                    step: dict[str, Any] = json.loads(line)
                    if "error" in step:
                        raise ServiceError(str(step["error"]))
                    yield step
        except httpx.HTTPError as error:
            raise ServiceError(
                f"The service at {self.notice.url} (pid {self.notice.pid}) broke off: {error}. {kept}"
            ) from error

    def export(self, wish: Wish, format: str, path: Path) -> tuple[str, int]:
        """Write the rows, or with format `manifest` what they are, to `path`; gives their as-of and their number."""
        parameters = [*parameters_of(wish), ("format", format)]
        headers = self._save(f"/api/export/{wish.kind}/{wish.name}", path, parameters)
        return headers["x-as-of"], int(headers["x-rows"])

    def snapshot(self, path: Path) -> None:
        """Write all documented tables to `path`, a DuckDB file."""
        self._save("/api/snapshot", path, [])

    def _save(self, address: str, path: Path, parameters: Sequence[tuple[str, str]]) -> httpx.Headers:
        try:
            with self._http.stream("GET", address, params=tuple(parameters), timeout=None) as response:
                if not response.is_success:
                    response.read()
                    raise _refusal(response, self.notice)
                with path.open("wb") as sink:
                    sink.writelines(response.iter_bytes())
                return response.headers
        except httpx.HTTPError as error:
            raise ServiceError(
                f"The service at {self.notice.url} (pid {self.notice.pid}) broke off: {error}. Nothing was kept."
            ) from error

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Its answer. Raises AskError where it says what was asked wrongly, ServiceError for all else."""
        try:
            response = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise ServiceError(
                f"The service at {self.notice.url} (pid {self.notice.pid}) broke off: {reason}."
            ) from error
        if response.is_success:
            return response
        raise _refusal(response, self.notice)


def running_service(warehouse: Path) -> ServiceClient | None:
    """The service that owns this warehouse, if one runs and answers."""
    notice = service_file.read(warehouse)
    if notice is None:
        return None
    client = ServiceClient(notice)
    return client if client.answers() else None


def _refusal(response: httpx.Response, notice: Notice) -> Exception:
    try:
        sentence = str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return ServiceError(
            f"The service at {notice.url} (pid {notice.pid}) answered {response.status_code}; its log says why."
        )
    asked_wrongly = response.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND)
    return AskError(sentence) if asked_wrongly else ServiceError(sentence)
