"""The command line. Results on stdout, progress on stderr; exit code 0 done, 1 what the user can mend, 2 usage."""

import sys

import typer

from app import cli_deeds, cli_questions, cli_running

cli = typer.Typer(
    name="streamgauge",
    help="See work flow through a business that runs on Temporal, and move it on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (cli_running, cli_questions, cli_deeds):
    cli.add_typer(part.commands)


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
