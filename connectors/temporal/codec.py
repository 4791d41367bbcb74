"""Ask a codec server to open payloads: POST /decode, many at once, with credentials of its own."""

import os
from collections.abc import Sequence

import httpx
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from connectors.errors import ConnectorError
from connectors.temporal.config import CodecConfig
from connectors.temporal.payloads import cut, is_readable

PATIENCE = httpx.Timeout(10.0, connect=5.0)
MOST_PAYLOADS = 100
MOST_BYTES = 1_000_000
# One bad payload may fail all that were sent with it: these are asked for again in halves.
PERHAPS_ONE = frozenset({400, 413, 422, 500})
MOST_REFUSALS = 20


class Codec:
    """A codec server for one namespace. It answers or it does not; what it could not open stays as it was."""

    def __init__(self, config: CodecConfig, namespace: str) -> None:
        self.address = f"{config.endpoint.replace('{namespace}', namespace).rstrip('/')}/decode"
        self.fault: str | None = None
        self._headers = {"X-Namespace": namespace, "Content-Type": "application/json"}
        if config.token_env is not None:
            self._headers["Authorization"] = _token(config.token_env)
        self._http = httpx.AsyncClient(timeout=PATIENCE, headers=self._headers)
        self._refusals = 0

    def begin(self) -> None:
        """Begin a round: whatever was wrong before, ask again."""
        self.fault, self._refusals = None, 0

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def open(self, payloads: Sequence[Payload]) -> None:
        """Open these payloads where they are. `fault` says what went wrong, for one round."""
        sealed = [payload for payload in payloads if not is_readable(payload)]
        for some in _portions(sealed):
            await self._open(some)

    async def _open(self, sealed: Sequence[Payload]) -> None:
        if self._refusals >= MOST_REFUSALS:
            return
        try:
            opened = await self._ask(sealed)
        except httpx.HTTPStatusError as error:
            if error.response.status_code in PERHAPS_ONE and len(sealed) > 1:
                middle = len(sealed) // 2
                await self._open(sealed[:middle])
                await self._open(sealed[middle:])
                return
            told = cut(error.response.text.strip())[0][:200]
            self._note(f"{error.response.status_code} {told}".strip(), is_all=len(sealed) > 1)
        except (httpx.HTTPError, ValueError) as error:
            self._note(str(error) or type(error).__name__, is_all=True)
        else:
            for payload, inside in zip(sealed, opened, strict=True):
                payload.CopyFrom(inside)

    async def _ask(self, sealed: Sequence[Payload]) -> Sequence[Payload]:
        body = json_format.MessageToJson(Payloads(payloads=sealed), indent=None)
        answer = await self._http.post(self.address, content=body)
        answer.raise_for_status()
        try:
            opened = json_format.Parse(answer.content, Payloads(), ignore_unknown_fields=True).payloads
        except (json_format.ParseError, UnicodeDecodeError) as error:
            raise ValueError(f"no payloads: {cut(str(error))[0][:200]}") from error
        if len(opened) != len(sealed):
            raise ValueError(f"{len(opened)} payloads for {len(sealed)}")
        return opened

    def _note(self, came_back: str, *, is_all: bool) -> None:
        self._refusals = MOST_REFUSALS if is_all else self._refusals + 1
        self.fault = self.fault or (
            f"The codec server at {self.address} did not open every payload; it answered: {came_back.rstrip('. ')}. "
            "Those values are missing: when it works again, `streamgauge sync --again` fills them in."
        )


def _token(name: str) -> str:
    token = os.environ.get(name)
    if not token:
        raise ConnectorError(
            f"The codec server's credentials are to come from ${name}, which is not set. Set it, or drop token_env.",
            retryable=False,
        )
    return token


def _portions(payloads: Sequence[Payload]) -> list[list[Payload]]:
    """In order, each of bounded number and size; a payload that is larger than that goes alone."""
    portions: list[list[Payload]] = []
    size = MOST_BYTES
    for payload in payloads:
        own = payload.ByteSize()
        if size + own > MOST_BYTES or len(portions[-1]) >= MOST_PAYLOADS:
            portions.append([])
            size = 0
        portions[-1].append(payload)
        size += own
    return portions
