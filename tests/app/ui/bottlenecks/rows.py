"""Rows as metrics give them, for the charts of Bottlenecks."""

from metrics import find

MINUTE, HOUR, DAY = 60, 3600, 86_400


def row(metric, **values):
    """A row of a metric that says nothing but `values`; a column the metric does not have is a mistake of the test."""
    assert set(values) <= set(find(metric).columns), set(values) - set(find(metric).columns)
    return dict.fromkeys(find(metric).columns) | values


def time_in(
    stage, *, exits=40, inside=3, target=None, within=None, total=0.0, completed=(None,) * 3, limits=(), **more
):
    """A row of time_in_state; `limits` are p50, p85 and p95."""
    known = dict(zip(("p50_seconds", "p85_seconds", "p95_seconds"), limits, strict=False))
    alone = dict(
        zip(("completed_p50_seconds", "completed_p85_seconds", "completed_p95_seconds"), completed, strict=True)
    )
    counts = {"exits": exits, "inside": inside, "lost": 0, "completed": exits, "total_seconds": total}
    targets = {"target_seconds": target, "within_target_share": within}
    return row(
        "time_in_state",
        stage=stage,
        title=stage.capitalize(),
        lane="desk",
        **counts,
        **targets,
        **known,
        **alone,
        **more,
    )


def open_item(item, stage, stay, *, age=None, wait="decision open", value=None):
    """A row of open_items."""
    names = {"item": item, "workflow_id": item, "run_id": item, "source": "main/default", "workflow_type": "W"}
    ages = {"stay_seconds": stay, "age_seconds": age or stay}
    return row(
        "open_items",
        **names,
        **ages,
        stage=stage,
        title=stage.capitalize(),
        lane="desk",
        wait=wait,
        value=value,
        unit="EUR",
    )
