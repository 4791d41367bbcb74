"""What is left of a row that is forgotten: when and of what kind, not who and what."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from duckdb import DuckDBPyConnection

from warehouse.database import execute, rows
from warehouse.pseudonyms import pseudonym

GONE = "(forgotten)"  # Not null: that a failure was reported decides what the event means.
MESSAGE = f"CASE WHEN failure_message IS NOT NULL THEN '{GONE}' END"
RUN = {
    "workflow_id": "pseudonym(workflow_id)",
    "parent_workflow_id": "pseudonym(parent_workflow_id)",
    "schedule_id": "pseudonym(schedule_id)",
}
EVENT = {
    "identity": "CASE WHEN identity = 'history-resetter' THEN identity ELSE pseudonym(identity) END",
    "principal": "pseudonym(principal)",
    "failure_message": MESSAGE,
    "reference": "nameless(reference)",
    # a timer's summary is free text, unless a stream file names it
    "name": "CASE WHEN type <> 17 OR name IN (SELECT name FROM rule_event WHERE kind = 'timer') THEN name END",
}
PENDING = {
    "reference": "nameless(reference)",
    "failure_message": MESSAGE,
    "worker": "NULL",
    "actor": "pseudonym(actor)",
    "reason": "NULL",
}
# The stream's own words stay, or stages and outcomes would be lost; what is compared with others gets a pseudonym.
ATTRIBUTE = {
    "value": """
        CASE
            WHEN (path, value) IN (SELECT (path, word) FROM own_word) THEN value
            WHEN path IN (SELECT path FROM compared_path) THEN pseudonym(value)
        END
    """,
    "is_cut": "false",
}
WORDS = """
CREATE OR REPLACE TEMP TABLE told_path AS
SELECT
    rule.stream,
    rule.purpose,
    rule.target,
    rule.rule_index,
    CASE rule.kind
        WHEN 'search_attribute' THEN 'search_attribute.' || rule.name
        WHEN 'memo' THEN 'memo.' || rule.name
        WHEN 'row' THEN 'db.' || rule.name || '.'
            || coalesce(rule.column_name, regexp_extract(rule.outcome_path, '[^.]+$'))
        ELSE rule.outcome_path
    END AS path,
    rule.value
FROM rule_event AS rule
UNION ALL
SELECT stream, purpose, target, rule_index, 'db.' || name || '.' || regexp_extract(outcome_path, '[^.]+$'), NULL
FROM rule_event
WHERE kind = 'row' AND column_name IS NOT NULL AND outcome_path IS NOT NULL;

CREATE OR REPLACE TEMP TABLE own_word AS
SELECT path, value AS word FROM told_path WHERE path IS NOT NULL AND value IS NOT NULL
UNION
SELECT told_path.path, rule_outcome.value
FROM told_path
JOIN rule_outcome ON rule_outcome.stream = told_path.stream AND rule_outcome.rule_index = told_path.rule_index
WHERE told_path.path IS NOT NULL AND told_path.purpose = 'answered'
UNION
SELECT told_path.path, rule_option.outcome
FROM told_path
JOIN rule_option ON rule_option.stream = told_path.stream AND rule_option.decision = told_path.target
WHERE told_path.path IS NOT NULL AND told_path.purpose = 'answered';

CREATE OR REPLACE TEMP TABLE compared_path AS
SELECT path FROM told_path WHERE path IS NOT NULL AND value IS NULL
UNION
SELECT path FROM rule_path WHERE purpose = 'key'
UNION
SELECT path FROM rule_actor
UNION
SELECT 'db.' || source || '.' || table_name || '.' || key_column FROM rule_row;
"""
INSTANTS = """
SELECT 'db.' || source || '.' || table_name || '.' || at_column AS path FROM rule_row WHERE at_column IS NOT NULL
"""


@dataclass(frozen=True)
class Words:
    """What may stay in a database row: values of the stream files, instants, pseudonyms for what is compared."""

    salt: str
    own: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    compared: frozenset[str] = field(default_factory=frozenset)
    instants: frozenset[str] = field(default_factory=frozenset)

    def scrubbed(self, table_path: str, content: str | None) -> str | None:
        """What is left of the content of a row of this table (db.SOURCE.TABLE); the same again for what is left."""
        if content is None:
            return None
        told: Mapping[str, Any] = json.loads(content)
        kept = {column: self._kept(f"{table_path}.{column}", value) for column, value in told.items()}
        return json.dumps({column: value for column, value in kept.items() if value is not None})

    def _kept(self, path: str, value: Any) -> Any:
        text = value if isinstance(value, str) else json.dumps(value)
        if value is None or path in self.instants or (path, text) in self.own:
            return value
        if path not in self.compared:
            return None
        return text if is_pseudonym(text) else pseudonym(self.salt, text)


def is_pseudonym(text: str) -> bool:
    """Whether the text already stands for a forgotten name."""
    head, _, tail = text.partition("-")
    return head == "forgotten" and len(tail) == 16 and set(tail) <= set("0123456789abcdef")


def words(con: DuckDBPyConnection, salt: str) -> Words:
    """Make the tables own_word and compared_path on this connection, from the rules in force; and what rows need."""
    execute(con, WORDS)
    return Words(
        salt,
        frozenset((row["path"], row["word"]) for row in rows(con, "SELECT path, word FROM own_word")),
        frozenset(row["path"] for row in rows(con, "SELECT path FROM compared_path")),
        frozenset(row["path"] for row in rows(con, INSTANTS)),
    )
