"""Arguments of messages as Temporal carries them."""

import json
from collections.abc import Sequence

from pydantic import JsonValue
from temporalio.api.common.v1 import Payload, Payloads


def payloads(arguments: Sequence[JsonValue]) -> Payloads | None:
    """JSON values as json/plain payloads, which every SDK reads; None for none."""
    if not arguments:
        return None
    made = [
        Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value, separators=(",", ":")).encode())
        for value in arguments
    ]
    return Payloads(payloads=made)
