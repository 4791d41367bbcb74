"""streamgauge.toml: found, read, and every fault told at once."""

from pathlib import Path

import pytest

from app.config import Config, find, load, source_names, stream_files
from app.errors import ConfigError


def config_file(folder: Path, text: str) -> Path:
    path = folder / "streamgauge.toml"
    path.write_text(text)
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(path)
    return [line.strip() for line in str(raised.value).splitlines()]


def test_an_empty_file_is_a_config_without_sources(tmp_path):
    config = load(config_file(tmp_path, ""))

    assert source_names(config) == []
    assert config.warehouse == tmp_path / "streamgauge.duckdb"
    assert (config.server.address, config.server.port) == ("127.0.0.1", 8501)
    assert not config.actions.allow


def test_paths_are_relative_to_the_file_not_to_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "streams").mkdir()
    drawn = tmp_path / "streams" / "claim.stream.toml"
    drawn.touch()
    monkeypatch.chdir("/")

    config = load(config_file(tmp_path, 'warehouse = "data/w.duckdb"\nstreams = ["streams/*.stream.toml"]'))

    assert config.warehouse == tmp_path / "data" / "w.duckdb"
    assert stream_files(config) == (drawn,)


def test_a_folder_with_wildcard_letters_in_its_name_is_taken_literally(tmp_path):
    folder = tmp_path / "odd [name]*"
    folder.mkdir()
    (folder / "a.stream.toml").touch()

    assert stream_files(load(config_file(folder, 'streams = ["*.stream.toml"]'))) == (folder / "a.stream.toml",)


def test_a_stream_file_that_is_named_but_missing_is_said(tmp_path):
    config = load(config_file(tmp_path, 'streams = ["claim.stream.toml"]'))

    with pytest.raises(ConfigError, match=r"No stream file at .*claim\.stream\.toml"):
        stream_files(config)


def test_every_fault_is_told_at_once_with_its_place_and_the_nearest_key(tmp_path):
    path = config_file(
        tmp_path,
        """
        warehose = "w.duckdb"
        [[temporal]]
        name = "main"
        request_per_second = 5
        [[databases]]
        name = "crm"
        tables = [{ name = "requests", key = ["id"], cursr = "updated_at" }]
        [server]
        address = "0.0.0.0"
        port = 70000
        [sync]
        every_seconds = "soon"
        """,
    )

    heading, *told = faults(path)

    assert heading == f"{path}: 7 problems"
    assert [line for line in told if line.startswith("warehose: unknown key; did you mean 'warehouse'?")]
    assert [line for line in told if "temporal.0.request_per_second: unknown key; did you mean 'requests_per_s" in line]
    assert [line for line in told if line.startswith("databases.0.url_env: required")]
    assert [line for line in told if "cursr: unknown key; did you mean 'cursor'?" in line]
    assert [line for line in told if line.startswith("server.address: must be a loopback address")]
    assert [line for line in told if line.startswith("server.port: ") and "70000" in line]
    assert [line for line in told if line.startswith("sync.every_seconds: ") and "'soon'" in line]
    assert all("line " in line for line in told)


def test_two_sources_of_one_name_are_refused(tmp_path):
    path = config_file(tmp_path, '[[temporal]]\nname = "main"\n[[temporal]]\nname = "main"')

    assert "main/default" in faults(path)[1]


def test_what_is_no_toml_says_where(tmp_path):
    assert "line 1" in faults(config_file(tmp_path, "warehouse = 1 2"))[0]


def test_a_config_cannot_be_changed(tmp_path):
    with pytest.raises(ValueError, match="frozen"):
        load(config_file(tmp_path, "")).warehouse = Path("elsewhere")


def test_the_option_wins_over_the_environment_and_that_over_the_working_directory(tmp_path, monkeypatch):
    here, named, wished = (tmp_path / name for name in ("here", "named", "wished"))
    for folder in (here, named, wished):
        folder.mkdir()
        config_file(folder, "")
    monkeypatch.chdir(here)
    environment = {"STREAMGAUGE_CONFIG": str(named / "streamgauge.toml")}

    assert find(wished / "streamgauge.toml", environment) == wished / "streamgauge.toml"
    assert find(None, environment) == named / "streamgauge.toml"
    assert find(None, {}) == here / "streamgauge.toml"
    assert find(wished, environment) == wished / "streamgauge.toml"


@pytest.mark.parametrize(
    ("option", "environment", "origin"),
    [
        (Path("a.toml"), {}, "--config"),
        (None, {"STREAMGAUGE_CONFIG": "b.toml"}, "$STREAMGAUGE_CONFIG"),
        (None, {}, "work"),
    ],
)
def test_a_missing_file_says_where_it_was_looked_for_and_why_there(tmp_path, monkeypatch, option, environment, origin):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError) as raised:
        find(option, environment)

    assert str(tmp_path) in str(raised.value)
    assert origin in str(raised.value)


def test_every_key_says_what_it_is():
    assert all(field.description for field in Config.model_fields.values())
