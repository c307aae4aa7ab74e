"""Tokens, routes and quotas at the gateway."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import jwt
import orjson
import pytest

from recsim.components.base import CallLog, Refused, Request, Response, Trace
from recsim.components.gateway import Gateway
from recsim.components.quota import EmbeddedQuotaStore, Rate
from recsim.components.tokens import AUDIENCE, ISSUER, Identity, issue, simulated_secret, verify

NOW_US = 1_735_819_200_000_000
NOW_S = NOW_US // 1_000_000
SECRET = simulated_secret(1)


class Echo:
    """A service that answers with who asked."""

    def answer(self, request: Request, trace: Trace) -> Response:
        self.deadline_us = request.deadline_us
        return Response(200, "ok", {"user": request.user, "tenant": request.tenant})


def token(**changes: Any) -> str:
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user7", "tenant": "acme", "iat": NOW_S, "exp": NOW_S + 60,
    } | changes  # fmt: skip
    return jwt.encode({key: value for key, value in claims.items() if value is not None}, SECRET, algorithm="HS256")


def with_header(**header: Any) -> str:
    claims = jwt.decode(token(), options={"verify_signature": False})
    return jwt.encode(claims, SECRET, algorithm="HS256", headers=header)


def signed_with_a_public_key() -> str:
    """Key confusion: an attacker signs with HS256 and a key that everybody may know, here a PEM."""
    claims = jwt.decode(token(), options={"verify_signature": False})
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=")
    pem = b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
    signature = base64.urlsafe_b64encode(hmac.digest(pem, head + b"." + body, "sha256")).rstrip(b"=")
    return b".".join((head, body, signature)).decode()


def unsigned() -> str:
    parts = [{"alg": "none", "typ": "JWT"}, jwt.decode(token(), options={"verify_signature": False})]
    return ".".join(base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in parts) + "."


def gateway(name: str = "gateway-1", quotas: EmbeddedQuotaStore | None = None) -> Gateway:
    rate = Rate(interval_us=1_000_000, burst=2)
    return Gateway(name, secret=SECRET, quotas=quotas or EmbeddedQuotaStore(), rate=rate, routes={"/v1/home": Echo()})


def ask(at: Gateway, bearer: str, *, route: str = "/v1/home", now_us: int = NOW_US, **forged: str) -> Response:
    return at.handle(Request(1, route, bearer, now_us, **forged), Trace(CallLog(), 1, now_us))


def test_a_good_token_names_user_and_tenant() -> None:
    shopper = frozenset({"shopper"})
    assert verify(SECRET, token(), now_us=NOW_US) == Identity("user7", "acme", shopper, NOW_S)
    issued = issue(SECRET, "u", "t", now_us=NOW_US, expire_s=60)
    assert verify(SECRET, issued, now_us=NOW_US) == Identity("u", "t", shopper, NOW_S)


@pytest.mark.parametrize(
    ("bearer", "outcome"),
    [
        ("", "token-missing"),
        ("not a token", "token-malformed"),
        ("x" * 5_000, "token-malformed"),
        (unsigned(), "token-algorithm"),
        (jwt.encode({"sub": "user7"}, SECRET * 2, algorithm="HS512"), "token-algorithm"),
        (jwt.encode({"sub": "user7"}, simulated_secret(2), algorithm="HS256"), "token-signature"),
        (token()[:-4] + "AAAA", "token-signature"),
        (token(aud="another-api"), "token-audience"),
        (token(iss="somebody"), "token-issuer"),
        (token(exp=NOW_S - 6), "token-expired"),
        (token(iat=NOW_S + 60), "token-early"),
        (token(exp=None), "token-claim"),
        (token(tenant=None), "token-claim"),
        (token(tenant=""), "token-claim"),
        (token(tenant=["acme"]), "token-claim"),
        (token(sub=7), "token-claim"),
        (token(exp="tomorrow"), "token-claim"),
        (token(nbf=NOW_S + 60), "token-early"),
        (token(nbf="now"), "token-claim"),
        (token(roles="operator"), "token-claim"),
        (token(exp=True), "token-claim"),
        (with_header(jku="https://evil.example/keys"), "token-header"),
        (with_header(jwk={"kty": "oct", "k": "AAAA"}), "token-header"),
        (signed_with_a_public_key(), "token-signature"),
    ],
)
def test_a_bad_token_is_refused_with_its_reason(bearer: str, outcome: str) -> None:
    response = ask(gateway(), bearer)
    assert (response.status, response.outcome) == (401, outcome)
    assert response.slate is None


def test_a_payload_changed_after_signing_is_refused() -> None:
    head, _, signature = token().split(".")
    forged = base64.urlsafe_b64encode(orjson.dumps({"sub": "admin", "tenant": "other"})).rstrip(b"=").decode()
    with pytest.raises(Refused, match="token-signature"):
        verify(SECRET, f"{head}.{forged}.{signature}", now_us=NOW_US)


def test_a_token_lives_by_the_simulated_clock() -> None:
    in_the_past = issue(SECRET, "user7", "acme", now_us=0, expire_s=60)
    assert verify(SECRET, in_the_past, now_us=59_000_000).user == "user7"
    with pytest.raises(Refused, match="token-expired"):
        verify(SECRET, in_the_past, now_us=66_000_000)


def test_user_and_tenant_come_from_the_token_whatever_the_request_says() -> None:
    response = ask(gateway(), token(), user="admin", tenant="other")
    assert orjson.loads(response.body) == {"user": "user7", "tenant": "acme"}


def test_an_unknown_route_is_not_found_and_costs_no_quota() -> None:
    at = gateway()
    assert [ask(at, token(), route="/v1/admin").status for _ in range(5)] == [404] * 5
    assert ask(at, token()).status == 200


def test_over_quota_says_how_long_to_wait() -> None:
    at = gateway()
    answers = [ask(at, token()) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].retry_after_s == 1.0
    assert ask(at, token(), now_us=NOW_US + 1_000_000).status == 200


def test_gateways_with_one_store_share_the_quota_and_tenants_do_not() -> None:
    quotas = EmbeddedQuotaStore()
    first, second = gateway("gateway-1", quotas), gateway("gateway-2", quotas)
    assert [ask(at, token()).status for at in (first, second, first, second)] == [200, 200, 429, 429]
    assert ask(first, token(tenant="other")).status == 200


def test_keys_rotate_and_old_tokens_live_until_their_key_is_gone() -> None:
    old, new = simulated_secret(1), simulated_secret(2)
    bearer = issue(old, "user7", "acme", now_us=NOW_US, expire_s=60)
    assert verify([new, old], bearer, now_us=NOW_US).user == "user7"
    with pytest.raises(Refused, match="token-signature"):
        verify([new], bearer, now_us=NOW_US)


def test_a_revoked_users_earlier_tokens_are_refused_and_later_ones_are_not() -> None:
    at = gateway()
    at._revoked = {("acme", "user7"): NOW_S + 1}
    assert ask(at, token()).outcome == "token-revoked"
    assert ask(at, token(tenant="other")).status == 200
    assert ask(at, token(iat=NOW_S + 1)).status == 200


def test_a_route_with_a_role_is_forbidden_to_others() -> None:
    at = gateway()
    at._roles = {"/v1/home": "operator"}
    assert ask(at, token()).outcome == "forbidden"
    assert ask(at, token(roles=["shopper", "operator"])).status == 200


def test_the_deadline_goes_inward_and_a_passed_one_is_refused() -> None:
    echo = Echo()
    at = Gateway(
        "g", secret=SECRET, quotas=EmbeddedQuotaStore(), rate=Rate(1, 100), routes={"/v1/home": echo}, budget_us=500
    )
    ask(at, token())
    assert echo.deadline_us == NOW_US + 500
    trace = Trace(CallLog(), 1, NOW_US)
    at.handle(Request(1, "/v1/home", token(), NOW_US, deadline_us=NOW_US + 20), trace)
    assert echo.deadline_us == NOW_US + 20
    assert at.handle(Request(1, "/v1/home", token(), NOW_US, deadline_us=NOW_US), trace).outcome == "deadline"


def test_every_answer_carries_the_request_id() -> None:
    trace = Trace(CallLog(), 77, NOW_US)
    assert gateway().handle(Request(77, "/v1/home", token(), NOW_US), trace).request_id == 77
    assert gateway().handle(Request(78, "/v1/home", "", NOW_US), trace).request_id == 78


@pytest.mark.parametrize("arguments", [{"q": "x" * 20_001}, {f"a{n}": 1 for n in range(33)}, {"n" * 65: 1}])
def test_a_request_larger_than_any_route_reads_is_refused(arguments: dict[str, Any]) -> None:
    request = Request(1, "/v1/home", token(), NOW_US, arguments)
    assert gateway().handle(request, Trace(CallLog(), 1, NOW_US)).outcome == "too-large"
