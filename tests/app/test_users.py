"""Who somebody is, and which role they have: by headers that only the proxy can send, and by claims that still hold."""

import pytest

from actions.actor import Actor
from app.errors import ConfigError
from app.users import by_claims, by_headers, check_secrets
from app.users_config import UsersConfig

NOW = 1_000_000.0
GRANTS = [
    {"role": "operator", "groups": ["on-call"]},
    {"role": "admin", "users": ["anna@example.com"]},
]
OIDC = {
    "metadata_url": "https://login.example.com/.well-known/openid-configuration",
    "client_id": "streamgauge",
    "redirect_url": "https://flow.example.com/oauth2callback",
}
SIGNED_IN = UsersConfig.model_validate({"method": "oidc", "grants": GRANTS, "oidc": OIDC})
PROXIED = UsersConfig.model_validate({"method": "header", "grants": GRANTS})
SECRET = {"STREAMGAUGE_PROXY_SECRET": "only the proxy knows"}
PROOF = ("X-Proxy-Secret", "only the proxy knows")


def by_proxy(*headers, environment=SECRET):
    return by_headers(PROXIED, lambda name: [value for key, value in headers if key == name], environment)


def test_the_proxy_says_who_it_is():
    bob = by_proxy(PROOF, ("X-Forwarded-User", "bob"), ("X-Forwarded-Groups", "sales, on-call"))

    assert bob == Actor("bob", "operator", "proxy")
    assert by_proxy(PROOF, ("X-Forwarded-User", "anna@example.com")).role == "admin"
    assert by_proxy(PROOF, ("X-Forwarded-User", "rolf")).role is None


@pytest.mark.parametrize(
    "headers",
    [
        (("X-Forwarded-User", "anna@example.com"),),
        (("X-Proxy-Secret", "a guess"), ("X-Forwarded-User", "anna@example.com")),
        (PROOF, ("X-Proxy-Secret", "a guess"), ("X-Forwarded-User", "anna@example.com")),
        (PROOF, ("X-Forwarded-User", "anna@example.com"), ("X-Forwarded-User", "bob")),
        (PROOF, ("X-Forwarded-User", "bob"), ("X-Forwarded-Groups", "on-call"), ("X-Forwarded-Groups", "sales")),
        (PROOF, ("X-Forwarded-User", " ")),
        (PROOF,),
        (),
    ],
)
def test_a_forged_header_is_a_strangers(headers):
    assert by_proxy(*headers) == Actor(None, None, "proxy")


def test_without_a_secret_nobody_is_believed():
    assert by_proxy(("X-Proxy-Secret", ""), ("X-Forwarded-User", "bob"), environment={}).user is None
    with pytest.raises(ConfigError, match="STREAMGAUGE_PROXY_SECRET, which is not set"):
        check_secrets(PROXIED, {})
    with pytest.raises(ConfigError, match="STREAMGAUGE_COOKIE_SECRET, which is not set"):
        check_secrets(SIGNED_IN, {"STREAMGAUGE_OIDC_SECRET": "x"})


@pytest.mark.parametrize(
    ("changed", "role"),
    [
        ({}, "operator"),
        ({"email": "anna@example.com", "groups": []}, "admin"),
        ({"email": "anna@example.com"}, "admin"),
        ({"groups": ["sales"]}, None),
        ({"groups": "on-call"}, None),
        ({"groups": None}, None),
        ({"groups": [["on-call"]]}, None),
    ],
)
def test_a_sign_in_that_holds_gives_the_highest_role_that_is_granted(changed, role):
    claims = {"email": "bob@example.com", "groups": ["on-call"], "exp": NOW + 1} | changed

    assert by_claims(SIGNED_IN, claims, NOW) == Actor(claims["email"], role, "sign-in")


@pytest.mark.parametrize(
    "changed",
    [{"exp": NOW}, {"exp": NOW - 1}, {"exp": None}, {"exp": "soon"}, {"email": ""}, {"email_verified": False}],
)
def test_a_sign_in_that_does_not_hold_is_a_strangers(changed):
    claims = {"email": "anna@example.com", "groups": ["on-call"], "exp": NOW + 1} | changed

    assert by_claims(SIGNED_IN, claims, NOW) == Actor(None, None, "sign-in")


def test_whoever_uses_the_command_line_has_the_role_that_is_named_for_it():
    assert UsersConfig(role="operator").on_command_line().role == "operator"
    assert UsersConfig(role="operator", command_line="viewer").on_command_line().role == "viewer"
    assert PROXIED.on_command_line().role is None
    assert UsersConfig().fixed().role == "viewer"
