"""What must hold between the parts of a stream.

Checked on the tables as written, not on the validated model: a file with a faulty part still gets its other faults
named at once. So everything here takes what has the right shape and passes over the rest, which validation reports.
"""

from collections.abc import Iterator, Mapping

from value_stream.faults import Mismatch, Place, did_you_mean
from value_stream.paths import column_of, fault_of_path, root_of
from value_stream.rules import PATH_ROOTS
from value_stream.written import Table, durations_of, outcome_is_constant, rules_of, tables, text, texts, written_paths

NAMED = ("stages", "decisions", "systems", "exceptions", "nudges")


def cross_check(data: object) -> list[Mismatch]:
    """Every fault between parts of a stream file's content, in the order of the checks below."""
    if not isinstance(data, Mapping):
        return []
    checks = (
        _named_twice,
        _unknown_stages,
        _unreachable_stages,
        _end_stages,
        _broken_promises,
        _outcomes,
        _tables_without_rows,
        _limits_without_value,
    )
    return [mismatch for check in checks for mismatch in check(data)]


def _named_twice(data: Table) -> Iterator[Mismatch]:
    for section in NAMED:
        yield from _repeated(((*place, "name"), text(table, "name")) for place, table in tables(data, section))
    yield from _repeated(((*place, "table"), text(table, "table")) for place, table in tables(data, "rows"))
    arrows = ((place, text(table, "from"), text(table, "to")) for place, table in tables(data, "moves"))
    yield from _repeated((place, f"{left} -> {entered}") for place, left, entered in arrows if left and entered)
    yield from _repeated(
        ((*place, "activities", index), name)
        for place, table in tables(data, "systems")
        for index, name in texts(table, "activities")
    )


def _repeated(names: Iterator[tuple[Place, str | None]]) -> Iterator[Mismatch]:
    first: dict[str, Place] = {}
    for place, name in names:
        if name is None:
            continue
        if name in first:
            yield Mismatch(place, f"already given at {'.'.join(map(str, first[name]))}", name)
        first.setdefault(name, place)


def _unknown_stages(data: Table) -> Iterator[Mismatch]:
    stages = [name for _, table in tables(data, "stages") if (name := text(table, "name"))]
    if not stages:
        return
    for place, name in _stage_references(data):
        if name not in stages:
            yield Mismatch(place, f"no stage of this name is drawn{did_you_mean(name, stages)}", name)


def _stage_references(data: Table) -> Iterator[tuple[Place, str]]:
    for section, keys in (
        ("moves", ("from", "to")),
        ("decisions", ("stage",)),
        ("exceptions", ("stage",)),
        ("nudges", ("stage",)),
    ):
        for place, table in tables(data, section):
            for key in keys:
                if (name := text(table, key)) is not None:
                    yield (*place, key), name
    for place, rule in rules_of(data):
        if (name := text(rule, "after")) is not None:
            yield (*place, "after"), name


def _unreachable_stages(data: Table) -> Iterator[Mismatch]:
    for place, table in tables(data, "stages"):
        if place != ("stages", 0) and table.get("enter", []) == []:
            yield Mismatch((*place, "enter"), "nothing lets an item enter this stage: give it an entry rule")


def _end_stages(data: Table) -> Iterator[Mismatch]:
    """An end stage has zero length and nothing follows it."""
    ends = {name for _, table in tables(data, "stages") if _is_end(table) and (name := text(table, "name"))}
    for place, table in tables(data, "stages"):
        if not _is_end(table):
            continue
        if place == ("stages", 0):
            yield Mismatch((*place, "enter"), "the first stage cannot be an end stage: an item begins in it")
        for key in ("target", "deadline"):
            if key in table:
                yield Mismatch((*place, key), "an end stage (only close rules) takes no time", table[key])
    for section, key in (("moves", "from"), ("decisions", "stage"), ("nudges", "stage")):
        for place, table in tables(data, section):
            if (name := text(table, key)) in ends:
                yield Mismatch((*place, key), "an end stage (only close rules): nothing happens after it", name)


def _is_end(stage: Table) -> bool:
    rules = stage.get("enter")
    return (
        isinstance(rules, list) and bool(rules) and all(isinstance(rule, Mapping) and "close" in rule for rule in rules)
    )


def _broken_promises(data: Table) -> Iterator[Mismatch]:
    for place, stage in tables(data, "stages"):
        target, deadline = durations_of(stage, "target", "deadline")
        if target is not None and deadline is not None and deadline < target:
            yield Mismatch((*place, "deadline"), f"shorter than the target {stage['target']}", stage["deadline"])
    for place, decision in tables(data, "decisions"):
        for at, rule in tables(decision, "answered", place):
            if "deadline" in rule and "deadline" not in decision:
                yield Mismatch((*at, "deadline"), "the decision has no deadline that could pass")


def _outcomes(data: Table) -> Iterator[Mismatch]:
    for place, decision in tables(data, "decisions"):
        options = [name for _, name in texts(decision, "options")]
        if not options:
            continue
        # what a passed deadline means is an outcome of its own
        options += [
            name for _, rule in tables(decision, "answered") if "deadline" in rule and (name := text(rule, "outcome"))
        ]
        for at, name in _named_outcomes(decision, place, options):
            if name not in options:
                yield Mismatch(at, f"not one of the options{did_you_mean(name, options)}", name)
        for at, rule in tables(decision, "answered", place):
            outcome = text(rule, "outcome")
            if outcome and rule.get("map") and outcome_is_constant(rule, outcome, options):
                yield Mismatch((*at, "map"), "a map needs an outcome that is a path")
            if outcome and not outcome_is_constant(rule, outcome, options) and not _can_be_read(rule, outcome):
                near = did_you_mean(outcome, options)
                yield Mismatch((*at, "outcome"), f"neither an option nor a column of the row{near}", outcome)


def _can_be_read(answer: Table, outcome: str) -> bool:
    """Whether a row's outcome can be a column; other paths are checked with their rule."""
    row = text(answer, "row")
    return row is None or root_of(outcome) in PATH_ROOTS or fault_of_path(f"{row}.{outcome}", ("db",)) is None


def _named_outcomes(decision: Table, place: Place, options: list[str]) -> Iterator[tuple[Place, str]]:
    for key in ("again", "bad"):
        yield from (((*place, key, index), name) for index, name in texts(decision, key))
    for at, rule in tables(decision, "answered", place):
        outcome = text(rule, "outcome")
        if outcome and outcome_is_constant(rule, outcome, options):
            yield (*at, "outcome"), outcome
        meanings = rule.get("map")
        if isinstance(meanings, Mapping):
            yield from (((*at, "map", value), name) for value, name in meanings.items() if isinstance(name, str))


def _tables_without_rows(data: Table) -> Iterator[Mismatch]:
    """A fact in a database is found by the [[rows]] of its table."""
    rows = {name: table for _, table in tables(data, "rows") if (name := text(table, "table"))}
    for place, path in written_paths(data):
        column = column_of(path)
        is_table = place[-1] == "row"
        if column is not None and is_table == (not column.column) and column.table_path not in rows:
            near = did_you_mean(column.table_path, rows)
            yield Mismatch(place, f"no [[rows]] say how a row of {column.table_path} finds its item{near}", path)
    for place, rule in rules_of(data):
        table = text(rule, "row")
        if table in rows and place[0] in ("stages", "item") and "at" not in rows[table]:
            yield Mismatch((*place, "row"), f"the [[rows]] of {table} need `at`, the column that holds the time", table)


def _limits_without_value(data: Table) -> Iterator[Mismatch]:
    item = data.get("item")
    if not isinstance(item, Mapping) or "value" in item:
        return
    for place, decision in tables(data, "decisions"):
        for at, level in tables(decision, "authority", place):
            if "up_to" in level:
                yield Mismatch((*at, "up_to"), "the item has no `value` that this could limit", level["up_to"])
