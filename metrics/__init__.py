"""One question per module. To add a metric: its module, its line in ALL, its test."""

from difflib import get_close_matches

from metrics.aging import aging
from metrics.arrivals import arrivals
from metrics.causes import causes, causes_of
from metrics.compare import compare
from metrics.completeness import completeness
from metrics.cumulative_flow import cumulative_flow
from metrics.cycle_time import cycle_time
from metrics.decision_summary import decision_summary
from metrics.decisions import decisions
from metrics.departures import departures
from metrics.drift import drift
from metrics.exits import exits
from metrics.first_pass_yield import first_pass_yield
from metrics.flow_efficiency import flow_efficiency
from metrics.flow_over_time import flow_over_time
from metrics.handoffs import handoffs
from metrics.in_flight import in_flight
from metrics.in_flight_over_time import in_flight_over_time
from metrics.item_history import item_history
from metrics.item_rows import item_rows
from metrics.item_runs import item_runs
from metrics.item_status import item_status
from metrics.known import Known, known
from metrics.littles_law import littles_law
from metrics.metric import Metric
from metrics.moves import moves
from metrics.notes import note
from metrics.nudge_effect import nudge_effect
from metrics.nudges import nudges
from metrics.open_items import open_items
from metrics.over_target import over_target
from metrics.question import MetricError, Question, Window
from metrics.rework import rework
from metrics.segments import segment_names
from metrics.source_health import source_health
from metrics.stuck import stuck
from metrics.systems import systems
from metrics.throughput import throughput
from metrics.time_in_state import time_in_state
from metrics.validation import validation
from metrics.value_leaked import value_leaked
from metrics.value_waiting import value_waiting
from metrics.wait_split import wait_split
from metrics.waits import waits

ALL: tuple[Metric, ...] = (
    in_flight,
    over_target,
    open_items,
    stuck,
    causes,
    flow_over_time,
    moves,
    source_health,
    time_in_state,
    exits,
    cycle_time,
    aging,
    throughput,
    in_flight_over_time,
    arrivals,
    departures,
    cumulative_flow,
    littles_law,
    waits,
    wait_split,
    decisions,
    decision_summary,
    drift,
    handoffs,
    rework,
    first_pass_yield,
    flow_efficiency,
    value_waiting,
    value_leaked,
    systems,
    validation,
    completeness,
    nudges,
    nudge_effect,
    compare,
    item_status,
    item_history,
    item_runs,
    item_rows,
)

__all__ = [
    "ALL",
    "Known",
    "Metric",
    "MetricError",
    "Question",
    "Window",
    "causes_of",
    "compare",
    "find",
    "known",
    "note",
    "segment_names",
]


def find(name: str) -> Metric:
    """The metric of that name; raises MetricError that names those there are."""
    for metric in ALL:
        if metric.name == name:
            return metric
    names = [metric.name for metric in ALL]
    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise MetricError(f"No metric {name!r}.{hint} There are: {', '.join(names)}.")
