"""The DuckDB file: its schema, what is written to it, and what is derived from that."""

from warehouse.batch import Batch
from warehouse.closed_items import closed_items
from warehouse.conservation import uneven_items
from warehouse.database import Warehouse, execute, open_warehouse, query, rows
from warehouse.errors import WarehouseError
from warehouse.forgetting import Forgotten, forget
from warehouse.kept_runs import KeptRun, KeptRuns, runs_of_items
from warehouse.known_by import known_by, streams_known
from warehouse.known_runs import KnownRun, known_anywhere, known_runs
from warehouse.rewriting import rewrite
from warehouse.rounds import Round, finish_round, register_source, watermark
from warehouse.rules import RULE_TABLES, rebuild, replace_rules
from warehouse.thinning import SAMPLE_LIFE, thin_samples
from warehouse.transactions import transaction
from warehouse.writing import write_batch, write_batches

__all__ = [
    "RULE_TABLES",
    "SAMPLE_LIFE",
    "Batch",
    "Forgotten",
    "KeptRun",
    "KeptRuns",
    "KnownRun",
    "Round",
    "Warehouse",
    "WarehouseError",
    "closed_items",
    "execute",
    "finish_round",
    "forget",
    "known_anywhere",
    "known_by",
    "known_runs",
    "open_warehouse",
    "query",
    "rebuild",
    "register_source",
    "replace_rules",
    "rewrite",
    "rows",
    "runs_of_items",
    "streams_known",
    "thin_samples",
    "transaction",
    "uneven_items",
    "watermark",
    "write_batch",
    "write_batches",
]
