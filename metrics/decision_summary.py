"""How decisions are made: how surely known, how fast, how often turned over."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer
from metrics.asked import questions
from metrics.asked_by import split_questions
from metrics.metric import metric
from metrics.observed import stretch
from metrics.question import Question
from metrics.segments import Split
from metrics.stage_rows import Row
from metrics.survival import PERCENTILES, curve, same, summary
from metrics.thin import too_few
from value_stream import Stream
from warehouse import query

SMALL = "(small groups)"
KINDS: Kinds = {
    "decision": TEXT,
    "title": TEXT,
    "coverage_share": NUMBER,
    "decided": COUNT,
    "open": COUNT,
    "overdue": COUNT,
    "withdrawn": COUNT,
    "p50_seconds": NUMBER,
    "p85_seconds": NUMBER,
    "p95_seconds": NUMBER,
    "answered": COUNT,
    "not_reached": TEXT,
    "reversal_share": NUMBER,
    "reversed": COUNT,
    "deadline_kept_share": NUMBER,
    "with_deadline": COUNT,
    "authority_breaches": COUNT,
    "authority_checked": COUNT,
    "four_eyes_breaches": COUNT,
    "escalated": COUNT,
    "conflicts": COUNT,
    "off_list": COUNT,
    "early": COUNT,
    "thin": TEXT,
}
RULES_ALONE = "rules decided all of them: split by actor_kind for their time"
NEVER_ASKED = "none was asked in the window"
SQL = """
WITH {questions},
told AS (
    SELECT question.*, {held}{clock} AS is_timed
    FROM question{joins}
    WHERE true{conditions}
),
timed AS (
    SELECT
        decision,
        {keys_first}greatest(epoch_us(CAST($from_at AS TIMESTAMPTZ)) - epoch_us(asked_at), 0) AS begun_micros,
        epoch_us(coalesce(decided_at, withdrawn_at, until_at)) - epoch_us(asked_at) AS ended_micros,
        decided_at IS NOT NULL AND {is_answer} AS is_exit,
        false AS is_lost
    FROM told
    WHERE is_timed
),
-- what ended just as the window began was not seen to wait
life AS (
    SELECT * FROM timed WHERE ended_micros > begun_micros OR begun_micros = 0
),
{curve},
{summary},
told_of AS (
    SELECT
        decision,
        {keys_first}count(*) FILTER (state = 'decided') AS decided,
        count(*) FILTER (state = 'open') AS open,
        count(*) FILTER (state = 'open' AND deadline_at < until_at) AS overdue,
        count(*) FILTER (state = 'withdrawn') AS withdrawn,
        count(*) FILTER (actor_kind IN ('person', 'rule', 'timer'))
            / nullif(count(*) FILTER (state = 'decided'), 0) AS coverage_share,
        count(*) FILTER (reversed_by IS NOT NULL) AS reversed,
        count(*) FILTER (reversed_by IS NOT NULL) / nullif(count(*) FILTER (state = 'decided'), 0) AS reversal_share,
        count(*) FILTER (kept IS NOT NULL) AS with_deadline,
        count(*) FILTER (kept) / nullif(count(*) FILTER (kept IS NOT NULL), 0) AS deadline_kept_share,
        count(*) FILTER (NOT authority_respected) AS authority_breaches,
        count(*) FILTER (authority_respected IS NOT NULL) AS authority_checked,
        count(*) FILTER (is_four_eyes_breach) AS four_eyes_breaches,
        count(*) FILTER (escalated_at IS NOT NULL) AS escalated,
        count(*) FILTER (conflicts > 0) AS conflicts,
        count(*) FILTER (off_list IS NOT NULL) AS off_list,
        count(*) FILTER (is_early) AS early,
        count(*) FILTER (is_timed) AS timed
    FROM told
    GROUP BY decision{keys}
)
SELECT told_of.*, times.exits AS answered, times.p50_seconds, times.p85_seconds, times.p95_seconds
FROM told_of
LEFT JOIN summary AS times ON {same}
ORDER BY told_of.decision{told_keys}
"""


@metric(
    title="Decision summary",
    unit="questions",
    grain="one row per declared decision, unasked ones included; with --by one for each group",
    columns=tuple(KINDS),
    needs_window=True,
    names_persons=True,
)
def decision_summary(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """How each decision was made within the window: by whom it is known, how fast, how often reversed or out of bounds.

    Coverage stands first: the share of decisions whose actor is known, by better evidence than the name of a process.
    Whatever is said of actors holds for that share only. The latency percentiles are read off the Kaplan-Meier curve
    from asked to decided: open questions count for as long as they have been open, withdrawn ones until then. Rules
    and persons are never mixed in it: unless the question splits or narrows by actor_kind, it is that of persons (and
    unknown actors); what a rule decided is left out, what the deadline decided counts as unanswered until then.

    Edge cases: questions asked before the window count from the age they had at its start. Split by actor, actor_kind
    or outcome, those not decided are the group (open), and latencies are those of the group's own decisions. With a
    smallest group, actors with fewer questions than that are told as one, "(small groups)", and where even that one is
    too small its figures are null. Where rules alone decided there is no latency to tell, and `thin` says so.

    Not a judgement on people: the same number of questions is rarely the same work.

    Columns: decision, title, coverage_share (0 to 1, of decided; null without any), decided, open, overdue (open and
    past their deadline), withdrawn (counts), p50_seconds, p85_seconds, p95_seconds (time by which that share was
    answered; null when thin or not reached), answered (count behind them), not_reached (percentiles that the curve
    does not come down to), reversal_share (0 to 1, of decided), reversed (count), deadline_kept_share (0 to 1, of
    those with_deadline, which are decided, or overdue), with_deadline (count), authority_breaches (count of
    authority_checked, those whose role and value are known), authority_checked, four_eyes_breaches, escalated,
    conflicts, off_list, early (counts of questions), thin (why a percentile is null though the curve comes down to
    it, or why all is).
    """
    chosen = split_questions(stream, question)
    tables, authority = questions(stream)
    found = query(con, _sql(tables, chosen, question), **chosen.params, **authority, **stretch(question)).to_pylist()
    by_name: dict[object, list[Row]] = {}
    for row in found:
        by_name.setdefault(row["decision"], []).append(row)
    narrowed = [value for name, value in question.where if name == "decision"]
    rows: list[Row] = []
    for decision in stream.decisions:
        if narrowed and decision.name not in narrowed:
            continue
        nothing: list[Row] = [] if chosen.columns else [dict.fromkeys(KINDS, None) | _zeros()]
        for row in by_name.get(decision.name, nothing):
            rows.append(_honest({**row, "decision": decision.name, "title": decision.title}, question))
    return answer(rows, KINDS, chosen, "coverage_share")


def _zeros() -> Row:
    return {name: 0 for name, kind in KINDS.items() if kind == COUNT}


def _honest(row: Row, question: Question) -> Row:
    counts = [row[name] for name in ("decided", "open", "withdrawn")]
    asked = sum(count for count in counts if isinstance(count, int))
    timed = row.pop("timed", 0)
    answered = row["answered"] if isinstance(row["answered"], int) else 0
    if asked < question.smallest_group and (_names_persons(question)):
        hidden = [name for name, kind in KINDS.items() if kind != TEXT] + ["not_reached"]
        return {**row, **dict.fromkeys(hidden), "thin": f"fewer than {question.smallest_group} questions"}
    if not timed:
        return {**row, "answered": 0, "not_reached": None, "thin": RULES_ALONE if asked else NEVER_ASKED}
    high = [percent for percent in PERCENTILES if row[f"p{percent}_seconds"] is None]
    few = [percent for percent, needed in PERCENTILES.items() if percent not in high and answered < needed]
    kept = {**row, **{f"p{percent}_seconds": None for percent in few}, "answered": answered}
    kept["not_reached"] = ", ".join(f"p{percent}" for percent in high) if high else None
    kept["thin"] = too_few(answered, few)
    return kept


def _names_persons(question: Question) -> bool:
    return "actor" in question.by or any(name == "actor" for name, _ in question.where)


def _sql(tables: str, chosen: Split, question: Question) -> str:
    keys = ("decision", *chosen.keys)
    named = [*question.by, *(name for name, _ in question.where)]
    by_kind = not {"actor_kind", "actor", "outcome"}.isdisjoint(named)
    return SQL.format(
        questions=tables,
        held=_held(chosen, question),
        clock="true" if by_kind else "question.actor_kind IS DISTINCT FROM 'rule'",
        is_answer="true" if by_kind else "actor_kind <> 'timer'",
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys_first="".join(f"{key}, " for key in chosen.keys),
        keys="".join(f", {key}" for key in chosen.keys),
        curve=curve(keys),
        summary=summary(keys),
        same=same("times", "told_of", keys),
        told_keys="".join(f", told_of.{key}" for key in chosen.keys),
    )


def _held(chosen: Split, question: Question) -> str:
    """The columns to split by; actors of few questions become one group."""
    if question.smallest_group <= 1:
        return chosen.held()
    held = ""
    for key, (name, expression) in zip(chosen.keys, chosen.columns, strict=True):
        if name == "actor":
            many = f"count(*) OVER (PARTITION BY question.decision, {expression}) >= {int(question.smallest_group)}"
            is_person = "question.actor IS NOT NULL"
            expression = f"CASE WHEN {many} OR NOT ({is_person}) THEN {expression} ELSE '{SMALL}' END"
        held += f"{expression} AS {key}, "
    return held
