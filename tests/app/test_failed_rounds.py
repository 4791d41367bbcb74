"""Rounds that end by a mistake of ours: recorded like any other that failed."""

import asyncio

import pytest

import warehouse
from app.config import load
from app.database_source import DatabaseSource
from app.rounds import Source, one_round
from app.service import Service, open_service
from app.source_writer import SourceWriter
from app.temporal_source import TemporalSource
from app.write_turn import WriteTurn
from connectors.database.config import DatabaseConfig
from connectors.temporal.config import TemporalConfig
from tests.app.conftest import SOURCE, Company


def broken(kind: str, service: Service) -> Source:
    """A source whose configuration nobody validated: its rounds fail where no fault is expected."""
    if kind == "temporal":
        cluster = TemporalConfig.model_construct(name="main", profile=7)
        return TemporalSource(SourceWriter(service, SOURCE, kind, WriteTurn()), cluster, "default", [], None)
    database = DatabaseConfig.model_construct(name="crm", url_env="CRM_URL", tables=None)
    return DatabaseSource(SourceWriter(service, "crm", kind, WriteTurn()), database)


@pytest.mark.parametrize("kind", ["temporal", "database"])
def test_a_mistake_of_ours_is_recorded_as_a_failed_round(
    filled: Company, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_URL", f"sqlite:///{filled.folder}/crm.sqlite")
    service = open_service(load(filled.config))
    source = broken(kind, service)
    before = warehouse.watermark(service.warehouse.cursor(), SOURCE)

    (outcome,) = asyncio.run(one_round([source]))

    (recorded,) = warehouse.rows(
        service.warehouse.cursor(),
        "SELECT is_complete, error FROM sync_round JOIN source USING (source_key) "
        "WHERE source = $source ORDER BY round_id DESC LIMIT 1",
        source=source.name,
    )
    assert outcome.error is not None and outcome.error.startswith("Unexpected TypeError: ")
    assert (recorded["is_complete"], recorded["error"]) == (False, outcome.error)
    assert warehouse.watermark(service.warehouse.cursor(), SOURCE) == before
    service.close()
