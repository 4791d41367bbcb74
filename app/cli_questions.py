"""Commands that answer: metrics, stuck work, files to take along.

Heavy imports (Temporal, Streamlit, DuckDB) are made inside the commands, so that `--help` is quick.
"""

from pathlib import Path
from typing import Annotated

import typer

from app.cli_options import ConfigOption, Format

commands = typer.Typer()


@commands.command()
def show(
    metric: Annotated[str, typer.Argument(help="Name of the metric, such as in_flight.")],
    config: ConfigOption = None,
    output: Annotated[Format, typer.Option("--format", "-f", help="How to print it.")] = Format.TABLE,
    stream: Annotated[str | None, typer.Option(help="Name of the stream; not needed when there is one.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="The instant to speak about, ISO 8601. Default: now.")
    ] = None,
    window: Annotated[str | None, typer.Option(help="30d (the default), FROM..TO or all.")] = None,
    where: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only these items. Repeatable.")] = None,
    by: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="One row for each of its values. Repeatable.")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT",
            help="Answer from what had been read by then, under the stream files of then. --as-of is that "
            "instant, too, unless it is given.",
        ),
    ] = None,
    of: Annotated[
        str | None, typer.Option(help="For compare: in_flight (the default), time_in_state, cycle_time.")
    ] = None,
    before_as_of: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="For compare: the instant of the other side.")
    ] = None,
    before_window: Annotated[str | None, typer.Option(help="For compare: the window of the other side.")] = None,
    before_where: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="For compare: the items of the other side. Repeatable."),
    ] = None,
    hide_persons: Annotated[bool, typer.Option("--hide-persons", help="Name nobody who decided.")] = False,
    smallest_group: Annotated[
        str | None, typer.Option(metavar="N", help="Tell no figures of persons that rest on fewer decisions.")
    ] = None,
) -> None:
    """Answer one question: print a metric. What the answer leaves open is said on stderr."""
    from app.answers import Ask
    from app.cli_show import run_show

    ask = Ask(
        metric=metric,
        stream=stream,
        as_of=as_of,
        window=window,
        where=tuple(where or ()),
        by=tuple(by or ()),
        known_at=known_at,
        of=of,
        before_as_of=before_as_of,
        before_window=before_window,
        before_where=tuple(before_where or ()),
        hide_persons="true" if hide_persons else None,
        smallest_group=smallest_group,
    )
    run_show(config, ask, output)


StreamOption = Annotated[str | None, typer.Option(help="Name of the stream; not needed when there is one.")]
AsOfOption = Annotated[
    str | None, typer.Option(metavar="INSTANT", help="The instant to speak about, ISO 8601. Default: now.")
]
WhereOption = Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only these items. Repeatable.")]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print it.")]


@commands.command()
def stuck(
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
    stream: StreamOption = None,
    as_of: AsOfOption = None,
    cause: Annotated[str | None, typer.Option(metavar="ID", help="Only the items of this cause.")] = None,
    where: WhereOption = None,
) -> None:
    """List the open items that are stuck: since when, why, and what may help; the worst first."""
    from app.answers import Ask
    from app.cli_stuck import run_stuck

    pairs = (*(where or ()), *((f"cause={cause}",) if cause else ()))
    run_stuck(config, Ask("stuck", stream, as_of, None, pairs, ()), output)


@commands.command()
def causes(
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
    stream: StreamOption = None,
    as_of: AsOfOption = None,
    where: WhereOption = None,
) -> None:
    """List the things to mend: what holds stuck items, with how many and how much; the worst first."""
    from app.answers import Ask
    from app.cli_stuck import run_stuck

    run_stuck(config, Ask("causes", stream, as_of, None, tuple(where or ()), ()), output)


@commands.command()
def export(
    what: Annotated[
        str,
        typer.Argument(help="A metric, a table such as items, or `snapshot`: all tables as a DuckDB file."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to: .csv, .xlsx or .parquet.")],
    config: ConfigOption = None,
    stream: Annotated[str | None, typer.Option(help="Name of the stream; not needed when there is one.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="The instant a metric speaks about. Default: now.")
    ] = None,
    window: Annotated[str | None, typer.Option(help="30d (the default), FROM..TO or all, for a metric.")] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only these items, for a metric. Repeatable.")
    ] = None,
    by: Annotated[list[str] | None, typer.Option(metavar="KEY", help="Split a metric by these. Repeatable.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", metavar="FILTER", help='Only these rows: "age_seconds >= 3600", "item ~ 0042". Repeatable.'
        ),
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="One row for each of its values. Repeatable.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="What to sum up for each group: n, sum, p50, p85, greatest.")
    ] = None,
    sort: Annotated[str | None, typer.Option(metavar="COLUMN", help="Sort by it; -COLUMN the greatest first.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Only these columns, in this order. Repeatable.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
) -> None:
    """Write a metric's answer or a documented table to a file, with a manifest that says what it is.

    The manifest stands in a sheet of its own (Excel), in the metadata (Parquet), or in FILE.manifest.json (CSV). No
    cell can run as a formula. However many rows there are, memory stays small.
    """
    from app.cli_export import run_export

    single = {"stream": stream, "as_of": as_of, "window": window, "measure": measure, "sort": sort}
    several = {"where": where, "by": by, "filter": only, "group": group, "column": column}
    given = {name: [text] for name, text in single.items() if text is not None}
    run_export(config, what, given | {name: texts for name, texts in several.items() if texts}, output, force)
