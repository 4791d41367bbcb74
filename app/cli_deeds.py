"""Commands that change something: nudges and their journal, and what is forgotten.

Heavy imports (Temporal, Streamlit, DuckDB) are made inside the commands, so that `--help` is quick.
"""

from typing import Annotated

import typer

from app.cli_options import ConfigOption

commands = typer.Typer()


@commands.command()
def nudge(
    what: Annotated[
        str | None, typer.Argument(metavar="NUDGE|VERB", help="Name of a nudge in the stream file, or a verb.")
    ] = None,
    config: ConfigOption = None,
    stream: Annotated[str | None, typer.Option(help="Name of the stream; not needed when there is one.")] = None,
    where: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only these items. Repeatable.")] = None,
    items: Annotated[
        str | None,
        typer.Option(metavar="ITEM,ITEM", help="Business keys or workflow ids, separated by commas; closed ones, too."),
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


@commands.command()
def journal(
    plan: Annotated[str | None, typer.Argument(metavar="PLAN", help="Every line of this plan.")] = None,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(min=1, help="So many of the newest plans.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="The records as JSON Lines.")] = False,
) -> None:
    """Say what was done to which items, by whom and why; and what an interruption left."""
    from app.cli_journal import run_journal

    run_journal(config, plan, limit, as_json=as_json)


@commands.command()
def forget(
    item: Annotated[str, typer.Argument(help="Business key, workflow id or run id of the item.")],
    config: ConfigOption = None,
) -> None:
    """Erase an item's names, values and texts for good; its runs and instants stay, so that every count stays."""
    from app.cli_forget import run_forget

    run_forget(config, item)
