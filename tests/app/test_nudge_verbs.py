"""Every verb really done from the command line: what it printed, the journal and Temporal's history, compared."""

import pytest
import typer

from actions.errors import ActionError
from actions.journal import journal_path
from app.cli_nudge import run_nudge
from app.cli_sync import run_sync
from app.nudge_words import ask_of
from app.users_config import account
from connectors.journal import read_journal
from tests.app.conftest import Company
from tests.fixtures.deeds import DEEDS, backstage
from tests.fixtures.streams import STORY_STREAM

CONFIG = """
streams = ["story.stream.toml"]
[[temporal]]
query = "WorkflowId STARTS_WITH '{queue}'"
[actions]
allow = true
rules = [{{ roles = ["operator"] }}]
[users]
role = "operator"
[server]
port = 0
"""


@pytest.fixture(scope="module")
def stage(temporal_server, tmp_path_factory):
    """All stories, read once into a warehouse; and the config beside it."""
    company = Company(tmp_path_factory.mktemp("verbs"))
    (company.folder / "story.stream.toml").write_text(STORY_STREAM)
    with backstage(temporal_server) as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEMPORAL_ADDRESS", temporal_server)
        company.config.write_text(CONFIG.format(queue=made.queue))
        with pytest.raises(typer.Exit):
            run_sync(company.config, None)
        yield company, made


@pytest.mark.server
@pytest.mark.parametrize("name", DEEDS)
def test_a_verb_is_done_once_and_said(stage, name, capsys):
    company, made = stage
    item = made.item(name)
    ask = ask_of(DEEDS[name].verb, None, (), item, made.words(name))

    with pytest.raises(typer.Exit) as ended:
        run_nudge(company.config, ask, "the test asks for it", yes=True)

    assert ended.value.exit_code == 0, capsys.readouterr()
    assert f"{item}  accepted" in capsys.readouterr().out
    records = [each for each in read_journal(journal_path(company.warehouse)).records if each.item == item]
    assert {(each.actor, each.role, each.via, each.reason) for each in records[1:]} == {
        (account(), "operator", "command line", "the test asks for it")
    }
    made.check(name, records)


@pytest.mark.server
def test_a_name_that_nothing_has_is_refused(stage):
    company, made = stage
    ask = ask_of("start_again", None, (), f"{made.queue}-nobody", made.words("start again"))

    with pytest.raises(ActionError, match=r"No story 'd.*-nobody' in story"):
        run_nudge(company.config, ask, "why not", yes=True)
    closed = ask_of("start_again", None, ("stage=told",), made.item("start again"), made.words("start again"))
    with pytest.raises(ActionError, match=r"No open story .* with stage = told"):
        run_nudge(company.config, closed, "why not", yes=True)
