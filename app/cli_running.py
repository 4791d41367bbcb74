"""Commands that run Streamgauge, feed it, and say whether it is sound.

Heavy imports (Temporal, Streamlit, DuckDB) are made inside the commands, so that `--help` is quick.
"""

from pathlib import Path
from typing import Annotated

import typer

from app.cli_options import ConfigOption

commands = typer.Typer()


@commands.command()
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
    no_past: Annotated[bool, typer.Option("--no-past", help="Begin without the two recorded weeks.")] = False,
) -> None:
    """Run a whole company on this machine and watch it: Temporal, workers, people, database, sync and pages.

    Prints `ready http://...` when the first page has data. Ctrl-C ends all of it. Its planted trouble is turned on and
    off on the page Demo, or by `streamgauge trouble`.
    """
    from app.cli_run import run_demo
    from app.demo import Wish
    from app.demo_trouble import all_but

    run_demo(Wish(port, folder, not no_browser, for_seconds, seed, speed, all_but(trouble), not no_past))


@commands.command()
def trouble(
    name: Annotated[str | None, typer.Argument(help="Which trouble. Without it: all are listed.")] = None,
    state: Annotated[str | None, typer.Argument(metavar="on|off|cycle", help="`cycle`: it comes and goes.")] = None,
    config: ConfigOption = None,
) -> None:
    """List the planted trouble of a running demo, or turn one kind on or off. CONFIG is the one that the demo wrote."""
    from app.cli_trouble import run_trouble

    run_trouble(config, name, state)


@commands.command()
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


@commands.command()
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


@commands.command()
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


@commands.command("import")
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


@commands.command()
def check(config: ConfigOption = None) -> None:
    """Say whether config, stream files, sources and warehouse are sound. Changes nothing."""
    from app.cli_check import run_check

    run_check(config)


@commands.command()
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


@commands.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        print(version_of("streamgauge"))
    except PackageNotFoundError:
        print("unknown: not installed")
