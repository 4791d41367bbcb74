"""Who is looking, and with which role: by the provider that signed them in, by the proxy, or always the same one."""

import hmac
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from actions.actor import Actor, stranger
from actions.recording import turn_away
from app.config import Config
from app.errors import ConfigError
from app.ui import wording
from app.users_config import OidcConfig, UsersConfig

SIGN_IN, PROXY = "sign-in", "proxy"


def current(config: Config) -> Actor:
    """Who looks at the page that is running. A stranger where nobody is signed in, or the sign-in does not hold."""
    users = config.users
    if users.method == "fixed":
        return users.fixed()
    if users.method == "header":
        return by_headers(users, st.context.headers.get_all, os.environ)
    claims = st.user.to_dict() if st.user.get("is_logged_in") else {}
    return by_claims(users, claims, time.time())


def by_headers(users: UsersConfig, all_of: Callable[[str], Sequence[str]], environment: Mapping[str, str]) -> Actor:
    """Who a proxy says it is, if it proves to be the proxy. Each header must be there once: a second one is forged."""
    secret, proof = environment.get(users.proxy_secret_env, ""), all_of(users.proxy_header)
    names, groups = all_of(users.header), all_of(users.groups_header)
    if not secret or len(proof) != 1 or not hmac.compare_digest(proof[0].encode(), secret.encode()):
        return stranger(PROXY)
    if len(names) != 1 or len(groups) > 1 or not names[0].strip():
        return stranger(PROXY)
    name = names[0].strip()
    listed = tuple(group.strip() for group in (groups[0] if groups else "").split(",") if group.strip())
    return Actor(name, users.role_of(name, listed), PROXY)


def by_claims(users: UsersConfig, claims: Mapping[str, Any], now: float) -> Actor:
    """Who the provider says it is. Streamlit checks the token once, when it comes; here, that it has not run out."""
    assert users.oidc is not None
    name, expires, groups = (claims.get(key) for key in (users.oidc.name_claim, "exp", users.oidc.groups_claim))
    if not isinstance(name, str) or not name:
        return stranger(SIGN_IN)
    if not isinstance(expires, int | float) or expires <= now:
        return stranger(SIGN_IN)
    if users.oidc.name_claim == "email" and claims.get("email_verified") is False:
        return stranger(SIGN_IN)
    listed = tuple(group for group in groups if isinstance(group, str)) if isinstance(groups, list) else ()
    return Actor(name, users.role_of(name, listed), SIGN_IN)


def require(config: Config) -> Actor:
    """Who is looking; a stranger is asked to sign in, and the page ends there.

    Behind a proxy nobody comes by as a stranger by accident: the log says so, now and then.
    """
    actor = current(config)
    if actor.user is None:
        if config.users.method == "header":
            turn_away("a page without the proxy's proof", actor.via)
        _turn_away(config.users)
        st.stop()
    return actor


def secrets_of(users: UsersConfig, environment: Mapping[str, str]) -> dict[str, Any]:
    """What Streamlit needs to sign people in; nothing where it does not. Raises ConfigError for a secret not set."""
    if users.oidc is None:
        return {}
    oidc = users.oidc
    return {
        "auth": {
            "redirect_uri": oidc.redirect_url,
            "cookie_secret": _secret(environment, oidc.cookie_secret_env),
            "client_id": oidc.client_id,
            "client_secret": _secret(environment, oidc.client_secret_env),
            "server_metadata_url": oidc.metadata_url,
            "client_kwargs": {"scope": _scope(oidc)},
        }
    }


def check_secrets(users: UsersConfig, environment: Mapping[str, str]) -> None:
    """Raises ConfigError where a secret that signing in needs is not set."""
    secrets_of(users, environment)
    if users.method == "header":
        _secret(environment, users.proxy_secret_env)


def _scope(oidc: OidcConfig) -> str:
    return "openid profile email" + (" groups" if oidc.groups_claim == "groups" else "")


def _secret(environment: Mapping[str, str], name: str) -> str:
    if not (value := environment.get(name)):
        raise ConfigError(f"[users] needs the environment variable {name}, which is not set.")
    return value


def _turn_away(users: UsersConfig) -> None:
    if users.method == "header":
        st.info("The proxy before this page signs people in; this request did not come through it.", title="Sign in")
        return
    st.title("Streamgauge", anchor=False)
    expired = bool(st.user.get("is_logged_in"))
    st.markdown(wording.plain("Your sign-in has run out. Sign in again." if expired else "Sign in to see work flow."))
    st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")
