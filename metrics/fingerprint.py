"""One failure, told by many messages: what differs from case to case taken out."""

import re
from functools import lru_cache

MOST_CHARACTERS = 200
DAY = r"\b\d{4}-\d{2}-\d{2}"

# In this order: what is longer and more telling first, or its parts would be taken for numbers.
PARTS: tuple[tuple[str, str], ...] = (
    (r"\b[a-z][a-z0-9+.-]{0,20}://[^\s'\"<>]+", "<address>"),
    (r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", "<address>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
    (
        r"\b\d{4}-\d{2}-\d{2}(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})\b)?)?",
        "<time>",
    ),
    (r"\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b", "<time>"),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b", "<address>"),
    (r"\[[0-9a-f:.]*:[0-9a-f:.]*\](?::\d{1,5})?", "<address>"),
    (r"\b(?:[a-z0-9-]{1,63}\.)*[a-z][a-z0-9-]{0,62}:\d{2,5}\b", "<address>"),
    (r"\b0x[0-9a-f]+\b", "<hex>"),
    (r"(?<!\w)'[^'\n]*'(?!\w)|\"[^\"\n]*\"|`[^`\n]*`", "<value>"),
    (r"(?<![\w<])(?:/[\w.%~@-]+)+/?(?=[\s,;:)\]'\"]|$)", "<path>"),
    (r"\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b", "<hex>"),
    (r"[-+]?\b\d+(?:[.,]\d+)*e[+-]?\d+\b", "<n>"),
    (r"\b(?=[\w-]*\d)[a-z]\w*(?:-\w+)*\b|\b\d+(?:[a-z_-]\w*)(?:-\w+)*\b", "<id>"),
    (r"[-+]?\b\d+(?:[.,]\d+)*\b", "<n>"),
)
REPLACEMENTS = tuple((re.compile(pattern, re.IGNORECASE), word) for pattern, word in PARTS)
UNITS = re.compile(r"\b\d+(?:\.\d+)?(?= ?(?:ns|us|ms|s|m|h|d|kb|mb|gb|bytes|%)(?![\w-]))", re.IGNORECASE)
REPEATED = re.compile(r"(<[a-z]+>)(?:,? ?\1)+")


@lru_cache(maxsize=4096)
def fingerprint(message: str | None) -> str | None:
    """The first line of a failure's message, with everything that differs from case to case put in words.

    Numbers become <n>, ids and words that hold a digit <id>, hexadecimal <hex>, addresses of the web, of mail and of
    machines <address>, dates and times <time>, what stands in quotes <value>, file and URL paths that hold a digit
    <path>. Cut at 200 characters. None without a message.
    """
    line = next((line.strip() for line in (message or "").splitlines() if line.strip()), "")
    if not line:
        return None
    line = UNITS.sub("<n>", " ".join(line[: 2 * MOST_CHARACTERS].split()))
    for pattern, word in REPLACEMENTS:
        line = pattern.sub(_path if word == "<path>" else word, line)
    return REPEATED.sub(r"\1", line)[:MOST_CHARACTERS]


def _path(found: "re.Match[str]") -> str:
    """A path without a digit says where it failed, and stays."""
    return "<path>" if re.search(r"\d", found[0]) else found[0]
