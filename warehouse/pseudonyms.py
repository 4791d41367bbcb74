"""What takes the place of a name that is forgotten: the same for the same name, and no way back but guessing."""

import hashlib
import secrets
from datetime import datetime

from duckdb import DuckDBPyConnection

from warehouse.database import execute, rows

FORM = "forgotten-[0-9a-f]{16}"  # a regular expression
MACROS = (
    """
    CREATE OR REPLACE TEMP MACRO pseudonym(word) AS
    CASE WHEN regexp_full_match(word, '{form}') THEN word ELSE 'forgotten-' || left(sha256('{salt}' || word), 16) END
    """,
    "CREATE OR REPLACE TEMP MACRO mark(kind, word) AS sha256('{salt}/' || kind || '/' || word)",
    # numbers and UUIDs name nobody, and what answers them must still be found
    """
    CREATE OR REPLACE TEMP MACRO nameless(word) AS
    CASE WHEN regexp_full_match(word, '[0-9]+|[0-9a-fA-F-]{{36}}') THEN word ELSE pseudonym(word) END
    """,
)
SALT = "SELECT digest FROM forgotten WHERE kind = 'salt'"
NEW_SALT = "INSERT INTO forgotten VALUES ('salt', $salt, $at)"


def prepare(con: DuckDBPyConnection) -> str | None:
    """Define pseudonym(word), mark(kind, word) and nameless(word) on this connection; returns the salt in them.

    None when nothing was ever forgotten. The salt makes a table of digests that was made elsewhere useless; whoever
    holds the file can still test a guess.
    """
    found = rows(con, SALT)
    if not found:
        return None
    salt = str(found[0]["digest"])
    for macro in MACROS:
        execute(con, macro.format(salt=salt, form=FORM))
    return salt


def prepare_first(con: DuckDBPyConnection, at: datetime) -> str:
    """The same, with a salt of our own if there is none yet."""
    salt = prepare(con)
    if salt is None:
        execute(con, NEW_SALT, salt=secrets.token_hex(32), at=at)
        salt = prepare(con)
    assert salt is not None
    return salt


def pseudonym(salt: str, word: str) -> str:
    """As the SQL function of that name."""
    return f"forgotten-{hashlib.sha256((salt + word).encode()).hexdigest()[:16]}"
