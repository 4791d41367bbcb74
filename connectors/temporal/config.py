"""What a `[[temporal]]` table of the config says."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class CodecConfig(BaseModel):
    """A codec server, as Temporal's own UI uses it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str = Field(
        pattern=r"^https?://", description="Its address; /decode is put behind it, {namespace} in it is filled in."
    )
    token_env: str | None = Field(
        default=None, description="Environment variable that holds the Authorization header for it; none sends none."
    )


class TemporalConfig(BaseModel):
    """One Temporal cluster to read from. Address, TLS and keys are Temporal's own business: its profile file and
    environment variables (`TEMPORAL_ADDRESS`, ...) hold them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        default="main",
        pattern=r"^[^/\s]+$",
        description="Name of the cluster here; a source is called name/namespace.",
    )
    profile: str = Field(default="default", description="Profile in Temporal's own configuration file.")
    profile_file: Path | None = Field(
        default=None, description="Temporal's own configuration file, where it is not in its usual place."
    )
    namespaces: tuple[str, ...] = Field(default=("default",), min_length=1, description="Namespaces to read.")
    query: str = Field(default="", description="A visibility query that narrows what is read; empty reads all.")
    requests_per_second: float = Field(default=50, gt=0, description="Most requests per second, per namespace.")
    visibility_per_second: float = Field(
        default=2, gt=0, description="Most list and count requests per second, per namespace; servers allow few."
    )
    sampling_seconds: float = Field(
        default=10, gt=0, description="How often the pending work of a run that does not change is noted, seconds."
    )
    codec: CodecConfig | None = Field(
        default=None, description="A codec server that opens encoded payloads, for the paths that a stream declares."
    )

    def source(self, namespace: str) -> str:
        """The name of a source: cluster/namespace."""
        return f"{self.name}/{namespace}"
