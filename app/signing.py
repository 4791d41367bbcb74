"""Links that a page hands to the browser: good for what they name and for a while, for nobody who made one up."""

import hashlib
import hmac
import time
from urllib.parse import parse_qsl, urlencode

UNTIL, SIGNATURE = "until", "signature"
GOOD_FOR_SECONDS = 3600


def signed(path: str, query: str, secret: bytes, *, now: float | None = None) -> str:
    """The address with an end and a signature."""
    until = str(int((time.time() if now is None else now) + GOOD_FOR_SECONDS))
    whole = urlencode([*parse_qsl(query, keep_blank_values=True), (UNTIL, until)])
    return f"{path}?{whole}&{SIGNATURE}={_signature(path, whole, secret)}"


def is_signed(path: str, query: str, secret: bytes, *, now: float | None = None) -> bool:
    """The address is one of ours, unchanged, and its time is not over."""
    whole, separator, signature = query.rpartition(f"&{SIGNATURE}=")
    if not separator or not hmac.compare_digest(signature.encode(), _signature(path, whole, secret).encode()):
        return False
    until = dict(parse_qsl(whole)).get(UNTIL, "")
    return until.isdecimal() and int(until) >= (time.time() if now is None else now)


def _signature(path: str, query: str, secret: bytes) -> str:
    return hmac.new(secret, f"{path}?{query}".encode(), hashlib.sha256).hexdigest()
