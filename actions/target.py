"""Whom a nudge is for."""

from pydantic import BaseModel, ConfigDict


class Target(BaseModel):
    """One run, with what was known here of its item when the plan was asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    workflow_id: str
    run_id: str
    item: str
    stage: str | None = None
    wait: str | None = None
    cause: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What is the same in all runs that follow each other."""
        return self.source, self.workflow_id
