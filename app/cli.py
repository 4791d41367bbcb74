"""The command line. Results on stdout, progress on stderr; exit code 0 done, 1 what the user can mend, 2 usage."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

# Heavy imports (Temporal, Streamlit, DuckDB) are made inside the commands, so that `--help` is quick.

cli = typer.Typer(
    name="streamgauge",
    help="See work flow through a business that runs on Temporal, and move it on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="Configuration. Default: $STREAMGAUGE_CONFIG, else ./streamgauge.toml."
    ),
]


class Format(StrEnum):
    """How `show` prints."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@cli.command()
def demo(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the pages. Default: 8501, or a free one.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Keep the data here. Default: a temporary folder, removed at the end.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the pages in a browser.")] = False,
    for_seconds: Annotated[
        float | None, typer.Option("--for", min=0, metavar="SECONDS", help="End by itself that long after it is ready.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same customers and the same chances.")] = 7,
    speed: Annotated[float, typer.Option(min=0.1, max=20, help="How much faster than usual the company works.")] = 1.0,
    trouble: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only this trouble comes by itself; `none` for none. Repeatable. Default: all. Names: vendor-outage, "
            "no-worker, bad-release, absent-approver, silent-vendor, no-authority, reversed-decision, record-closed, "
            "run-reset, run-terminated, step-paused, undrawn-move, skipped-stage.",
        ),
    ] = None,
) -> None:
    """Run a whole company on this machine and watch it: Temporal, workers, people, database, sync and pages.

    Prints `ready http://...` when the first page has data. Ctrl-C ends all of it. Its planted trouble is turned on and
    off on the page Demo, or by `streamgauge trouble`.
    """
    from app.cli_run import run_demo
    from app.demo import Wish
    from app.demo_trouble import all_but

    run_demo(Wish(port, folder, not no_browser, for_seconds, seed, speed, all_but(trouble)))


@cli.command()
def trouble(
    name: Annotated[str | None, typer.Argument(help="Which trouble. Without it: all are listed.")] = None,
    state: Annotated[str | None, typer.Argument(metavar="on|off|cycle", help="`cycle`: it comes and goes.")] = None,
    config: ConfigOption = None,
) -> None:
    """List the planted trouble of a running demo, or turn one kind on or off. CONFIG is the one that the demo wrote."""
    from app.cli_trouble import run_trouble

    run_trouble(config, name, state)


@cli.command()
def init(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="Write here. Default: $STREAMGAUGE_CONFIG, else ./streamgauge.toml."
        ),
    ] = None,
    database: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=ENV_VARIABLE",
            help="A database, and the environment variable that holds its URL. Repeatable. Default: every variable "
            "whose name ends in _DATABASE_URL.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
) -> None:
    """Ask Temporal and the databases what there is, and write a configuration that reads it.

    Temporal is found by its own profile or environment (TEMPORAL_ADDRESS, ...). What cannot be reached is said, and
    left out as a comment; exit code 1 only when nothing could be reached. Only reads, and writes no secrets.
    """
    from app.cli_init import Init, run_init

    run_init(Init(config, tuple(database or ()), force))


@cli.command()
def up(
    config: ConfigOption = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the pages, in place of the config's.")
    ] = None,
) -> None:
    """Keep the warehouse up to date and show the pages, until Ctrl-C.

    Stream files are read when it starts. While it runs, `show` and `sync` go through it.
    """
    from app.cli_run import run_up

    run_up(config, port)


@cli.command()
def sync(
    config: ConfigOption = None,
    every: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Round after round with this pause, such as 5s, until Ctrl-C."),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Read again what Temporal still has: runs that differ there, and values that streams declare since.",
        ),
    ] = False,
) -> None:
    """Read once what is new in each source. The stream files are read again, too, unless the service runs."""
    if again:
        if every is not None:
            raise typer.BadParameter("--again reads once: drop --every.")
        from app.cli_again import run_again

        run_again(config)
        return
    from app.cli_sync import run_sync

    run_sync(config, every)


@cli.command("import")
def import_(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILES|FOLDERS", help="Histories: JSON or protobuf, any shape.")
    ],
    config: ConfigOption = None,
) -> None:
    """Import histories from files: Temporal Cloud exports, and JSON of the CLI, the SDKs and the Web UI.

    A file that cannot be read is named with the reason; the rest goes in. Importing twice changes nothing.
    """
    from app.cli_import import run_import

    run_import(config, paths)


@cli.command()
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


@cli.command()
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


@cli.command()
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


@cli.command()
def nudge(
    what: Annotated[
        str | None, typer.Argument(metavar="NUDGE|VERB", help="Name of a nudge in the stream file, or a verb.")
    ] = None,
    config: ConfigOption = None,
    stream: Annotated[str | None, typer.Option(help="Name of the stream; not needed when there is one.")] = None,
    where: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only these items. Repeatable.")] = None,
    items: Annotated[
        str | None, typer.Option(metavar="ITEM,ITEM", help="Business keys or workflow ids, separated by commas.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept, and Temporal is told where it asks.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without, the plan is shown and nothing is done.")] = False,
    going_on: Annotated[
        str | None,
        typer.Option("--continue", metavar="PLAN", help="Do what an interruption left of a plan in the journal."),
    ] = None,
    message: Annotated[str | None, typer.Option(metavar="NAME", help="signal, update: which one to send.")] = None,
    argument: Annotated[
        list[str] | None, typer.Option(metavar="JSON", help="signal, update: an argument. Repeatable.")
    ] = None,
    activity: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Only pending activities of this type; reset: back to before it.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="POINT", help="reset: first_task, last_task, before_activity or an instant.")
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="reset: signals or updates, not applied again. Repeatable.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="activity_options: start_to_close, schedule_to_close, heartbeat (30s), attempts, queue. Repeatable.",
        ),
    ] = None,
) -> None:
    """Move stuck items on: show what would happen to each, and do it with `--yes`.

    Only what the config allows to your role; everything done is in the journal. Exit code 1 when something was refused.
    """
    from app.cli_nudge import run_continue, run_nudge
    from app.nudge_words import Words, ask_of

    if going_on is not None:
        run_continue(config, going_on, reason)
        return
    if what is None:
        raise typer.BadParameter("Name a nudge or a verb, or --continue a plan.", param_hint="NUDGE|VERB")
    words = Words(message, tuple(argument or ()), activity, to, tuple(leave_out or ()), tuple(change or ()))
    run_nudge(config, ask_of(what, stream, where or (), items, words), reason, yes=yes)


@cli.command()
def journal(
    plan: Annotated[str | None, typer.Argument(metavar="PLAN", help="Every line of this plan.")] = None,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(min=1, help="So many of the newest plans.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="The records as JSON Lines.")] = False,
) -> None:
    """Say what was done to which items, by whom and why; and what an interruption left."""
    from app.cli_journal import run_journal

    run_journal(config, plan, limit, as_json=as_json)


@cli.command()
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


@cli.command()
def check(config: ConfigOption = None) -> None:
    """Say whether config, stream files, sources and warehouse are sound. Changes nothing."""
    from app.cli_check import run_check

    run_check(config)


@cli.command()
def schema(
    folder: Annotated[
        Path, typer.Option("--dir", metavar="FOLDER", help="Write here; best beside streamgauge.toml.")
    ] = Path("."),
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files of these names that are no schemas of ours.")
    ] = False,
) -> None:
    """Write the JSON Schemas of streamgauge.toml and of stream files, by which editors complete and check them.

    They are `streamgauge.schema.json` and `stream.schema.json`. An editor uses one where the first line of a TOML file
    names it: `#:schema ./streamgauge.schema.json`. Write them again after an upgrade.
    """
    from app.cli_schema import run_schema

    run_schema(folder, force=force)


@cli.command()
def forget(
    item: Annotated[str, typer.Argument(help="Business key, workflow id or run id of the item.")],
    config: ConfigOption = None,
) -> None:
    """Erase an item's names, values and texts for good; its runs and instants stay, so that every count stays."""
    from app.cli_forget import run_forget

    run_forget(config, item)


@cli.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        print(version_of("streamgauge"))
    except PackageNotFoundError:
        print("unknown: not installed")


def main() -> None:
    """Entry point: errors the user can mend become one sentence on stderr and exit code 1."""
    try:
        cli()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Whoever read our output has enough; stdout must not be flushed again at exit.
        sys.stdout = None
        raise SystemExit(0) from None
    except Exception as error:
        from app.errors import is_interrupt, user_errors

        if is_interrupt(error):
            raise SystemExit(130) from None
        if not isinstance(error, user_errors()):
            raise
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
