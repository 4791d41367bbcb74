"""`[users]`: how people are known, and which role each has."""

import getpass
import os
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from actions.actor import ROLES, Actor, Role

COMMAND_LINE = "command line"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grant(_Part):
    """A role, and who has it."""

    role: Role = Field(description="viewer, operator or admin.")
    users: tuple[str, ...] = Field(default=(), description="Names as they are known: with oidc, the name claim.")
    groups: tuple[str, ...] = Field(default=(), description="Groups whose members have the role.")


class OidcConfig(_Part):
    """`[users.oidc]`: the provider that signs people in. Secrets come from the environment."""

    metadata_url: str = Field(
        pattern=r"^https?://[^\s]+$",
        description="The provider's discovery document (.well-known/openid-configuration).",
    )
    client_id: str = Field(min_length=1, description="What we are called there.")
    client_secret_env: str = Field(
        default="STREAMGAUGE_OIDC_SECRET", description="Environment variable that holds the client's secret."
    )
    cookie_secret_env: str = Field(
        default="STREAMGAUGE_COOKIE_SECRET",
        description="Environment variable that holds a random text, which signs the cookie of who is signed in.",
    )
    redirect_url: str = Field(
        pattern=r"^https?://[^\s]+/oauth2callback$",
        description="Our own address as browsers see it, ending in /oauth2callback.",
    )
    name_claim: str = Field(default="email", description="Claim that names the person.")
    groups_claim: str = Field(default="groups", description="Claim that lists the person's groups.")


class UsersConfig(_Part):
    """`[users]`: how people are known, and which role each has."""

    method: Literal["fixed", "header", "oidc"] = Field(
        default="fixed",
        description="fixed: whoever reaches the pages is one person. header: a proxy signs people in. oidc: we do.",
    )
    name: str | None = Field(default=None, description="fixed: who that is; by default who runs the service.")
    role: Role | None = Field(
        default="viewer", description="Role of the fixed person; else of people without a grant, where it is named."
    )
    command_line: Role | None = Field(
        default=None, description="Role of whoever uses the command line here; by default that of the fixed person."
    )
    grants: tuple[Grant, ...] = Field(default=(), description="Who has which role; the highest counts.")
    header: str = Field(default="X-Forwarded-User", description="header: where the proxy names the person.")
    groups_header: str = Field(default="X-Forwarded-Groups", description="header: their groups, separated by commas.")
    proxy_header: str = Field(default="X-Proxy-Secret", description="header: where the proxy proves that it is one.")
    proxy_secret_env: str = Field(
        default="STREAMGAUGE_PROXY_SECRET",
        description="header: environment variable that holds what the proxy sends there; nobody else may know it.",
    )
    oidc: OidcConfig | None = Field(default=None, description="oidc: the provider.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.method == "oidc") is not (self.oidc is not None):
            raise PydanticCustomError("users", "method = 'oidc' and [users.oidc] belong together")
        return self

    def role_of(self, user: str, groups: tuple[str, ...]) -> Role | None:
        """The highest role that a grant gives this person; else the role of people without a grant."""
        has = [grant.role for grant in self.grants if user in grant.users or set(groups) & set(grant.groups)]
        if has:
            return max(has, key=ROLES.index)
        return self.role if self.method != "fixed" and "role" in self.model_fields_set else None

    def fixed(self) -> Actor:
        """The one person that everybody is, where nobody signs in."""
        return Actor(self.name or account(), self.role, "config")

    def on_command_line(self) -> Actor:
        """Who uses the command line: by their account on this machine, which may read the config and the token."""
        role = self.command_line or (self.role if self.method == "fixed" else None)
        return Actor(account(), role, COMMAND_LINE)


def account() -> str:
    """The name of the account that this process runs under."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
