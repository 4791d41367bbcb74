"""Filter, group, sort and cut any relation by names of its own columns: what exploring and exporting stand on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Literal, get_args

from duckdb import DuckDBPyConnection

from warehouse.database import rows
from warehouse.errors import WarehouseError

Kind = Literal["text", "number", "instant", "yes or no"]
Operator = Literal["=", "!=", ">=", "<=", "~", "empty", "filled"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)

DESCRIBE = "SELECT column_name, column_type FROM (DESCRIBE {relation})"
SELECT = "SELECT {columns} FROM ({relation}) AS asked WHERE true{conditions}{grouping}{ordering}{cut}"
COUNT = "SELECT count(*) AS rows FROM ({statement}) AS counted"
# How a measure is summed up for each group; percentiles as everywhere: of the values themselves, never between two.
SUMMED = """count(*) AS "rows", count({measure}) AS "n", sum({measure}) AS "sum",
quantile_disc({measure}, 0.5) AS "p50", quantile_disc({measure}, 0.85) AS "p85", max({measure}) AS "greatest\""""
SUMMED_NAMES = ("rows", "n", "sum", "p50", "p85", "greatest")


@dataclass(frozen=True)
class Filter:
    """Only rows whose `column` is so. `value` is text as people write it; `empty` and `filled` take none."""

    column: str
    operator: Operator
    value: str = ""


@dataclass(frozen=True)
class Selection:
    """What is taken of a relation.

    columns: which, in this order; all when empty. filters: all must hold. group: one row for each combination of these
    columns, with the number of rows and, for `measure`, its n, sum, p50, p85 and greatest value. sort: a column of the
    result; without one the order of the relation itself, or of the groups.
    """

    columns: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    group: tuple[str, ...] = ()
    measure: str | None = None
    sort: str | None = None
    is_descending: bool = False


@dataclass(frozen=True)
class Statement:
    """SQL with what it takes. `columns` are those of its rows, in order."""

    sql: str
    params: Mapping[str, object]
    columns: tuple[str, ...]


def kinds_of(con: DuckDBPyConnection, relation: str) -> dict[str, Kind]:
    """The columns of a SELECT, or of a table's name, in order, each with the kind of its values."""
    found = rows(con, DESCRIBE.format(relation=relation))
    return {str(row["column_name"]): _kind(str(row["column_type"])) for row in found}


def statement(
    relation: str,
    kinds: Mapping[str, Kind],
    selection: Selection,
    *,
    order: Sequence[str],
    most: int | None = None,
    skip: int = 0,
) -> Statement:
    """The SQL of a selection from `relation`, whose rows are ordered by `order`: at most `most` after the first `skip`.

    Raises WarehouseError for a column that is not there and for a value that is none of the column's kind.
    """
    params: dict[str, object] = {}
    conditions = "".join(
        f" AND {_condition(each, kinds, f'value_{index}', params)}" for index, each in enumerate(selection.filters)
    )
    names, shown, grouping = _shape(kinds, selection)
    cut = ""
    if most is not None:
        cut = " LIMIT $most OFFSET $skip"
        params |= {"most": most, "skip": skip}
    sql = SELECT.format(
        columns=shown,
        relation=relation,
        conditions=conditions,
        grouping=grouping,
        ordering=_ordering(names, selection, order),
        cut=cut,
    )
    return Statement(sql, params, names)


def count_of(con: DuckDBPyConnection, asked: Statement) -> int:
    """How many rows the statement gives."""
    (found,) = rows(con, COUNT.format(statement=asked.sql), **asked.params)
    return int(found["rows"])


def _shape(kinds: Mapping[str, Kind], selection: Selection) -> tuple[tuple[str, ...], str, str]:
    """Names of the columns of the result, and the SQL of its SELECT list and its GROUP BY."""
    if not selection.group:
        names = tuple(_known(name, kinds) for name in selection.columns) or tuple(kinds)
        return names, ", ".join(quoted(name) for name in names), ""
    keys = ", ".join(quoted(_known(name, kinds)) for name in selection.group)
    if selection.measure is None:
        return (*selection.group, "rows"), f'{keys}, count(*) AS "rows"', f" GROUP BY {keys}"
    if kinds[_known(selection.measure, kinds)] != "number":
        raise WarehouseError(f"{selection.measure} holds no numbers: nothing of it can be summed up.")
    summed = SUMMED.format(measure=quoted(selection.measure))
    return (*selection.group, *SUMMED_NAMES), f"{keys}, {summed}", f" GROUP BY {keys}"


def _ordering(names: Sequence[str], selection: Selection, order: Sequence[str]) -> str:
    """By the column asked for, then by what makes the order total: the groups, or the relation's own order."""
    keys = [f"{quoted(name)} NULLS LAST" for name in selection.group or order]
    if selection.sort is not None:
        direction = "DESC" if selection.is_descending else "ASC"
        keys.insert(0, f"{quoted(_known(selection.sort, names))} {direction} NULLS LAST")
    return f" ORDER BY {', '.join(keys)}"


def _condition(wanted: Filter, kinds: Mapping[str, Kind], name: str, params: dict[str, object]) -> str:
    column = quoted(_known(wanted.column, kinds))
    if wanted.operator == "empty":
        return f"{column} IS NULL"
    if wanted.operator == "filled":
        return f"{column} IS NOT NULL"
    if wanted.operator == "~":
        params[name] = wanted.value
        return f"contains(lower(CAST({column} AS VARCHAR)), lower(${name}))"
    params[name] = _value(wanted, kinds[wanted.column])
    if wanted.operator == "!=":
        return f"{column} IS DISTINCT FROM ${name}"
    return f"{column} {wanted.operator} ${name}"


def _value(wanted: Filter, kind: Kind) -> object:
    """The text as a value of the column's kind; raises WarehouseError when it is none."""
    text = wanted.value.strip()
    try:
        if kind == "number":
            return float(text)
        if kind == "instant":
            instant = datetime.fromisoformat(text)
            return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except ValueError:
        example = "a number" if kind == "number" else "an instant, such as 2026-11-22T14:30:00Z"
        raise WarehouseError(f"{wanted.column} {wanted.operator} {wanted.value!r}: write {example}.") from None
    if kind == "yes or no":
        if text.lower() not in ("true", "false"):
            raise WarehouseError(f"{wanted.column} {wanted.operator} {wanted.value!r}: write true or false.")
        return text.lower() == "true"
    return wanted.value


def _known(name: str, columns: Mapping[str, Kind] | Sequence[str]) -> str:
    if name in columns:
        return name
    near = get_close_matches(name, list(columns), n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise WarehouseError(f"No column {name!r} here.{hint} There are: {', '.join(columns)}.")


def _kind(column_type: str) -> Kind:
    base = column_type.split("(")[0]
    if base.startswith("TIMESTAMP") or base == "DATE":
        return "instant"
    if base == "BOOLEAN":
        return "yes or no"
    numbers = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL")
    return "number" if base in numbers else "text"


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
