"""Access tokens: signed JWT that say who the user is and which tenant they belong to.

Checked as RFC 8725 asks: the algorithms accepted are a fixed list (never the one the token claims), a header that
brings its own key is refused, and issuer, audience and expiry are required. Times are held against the simulated
clock, which PyJWT does not know. Keys rotate: a token may be signed with any key of a list, new ones with the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from recsim.components.base import Refused
from recsim.units import US_PER_SECOND

ALGORITHMS = ["HS256"]
ISSUER = "recsim-login"
AUDIENCE = "recsim-api"
LEEWAY_S = 5
"""How far the clocks of issuer and gateway may differ."""
SHOPPER = frozenset({"shopper"})
"""What a token without a `roles` claim may do."""

FOREIGN_KEYS = ("jku", "jwk", "x5u", "x5c", "crit")
"""Header fields that name a key or a rule of the sender's own; RFC 8725 3.10: never followed, so never accepted."""

LONGEST = 4_096
"""Longest token that is looked at, characters."""

_OPTIONS: Any = {
    "require": ["exp", "iat", "aud", "iss", "sub", "tenant"],
    "verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_sub": False,
}  # fmt: skip
"""PyJWT is told to leave the times, which it would hold against the wall clock, and the kind of the subject."""


@dataclass(frozen=True)
class Identity:
    """Who sent a request, as the token proves it."""

    user: str
    tenant: str
    roles: frozenset[str] = SHOPPER
    issued_s: int = 0


def simulated_secret(seed: int) -> bytes:
    """The signing key of a simulation: it protects nothing, it only lets signatures be made and broken."""
    return hashlib.sha256(f"recsim token key {seed}".encode()).digest()


def issue(secret: bytes, user: str, tenant: str, *, now_us: int, expire_s: int, roles: Sequence[str] = ()) -> str:
    """A signed token of a user, good for `expire_s` seconds; without `roles` it is a shopper's."""
    now_s = now_us // US_PER_SECOND
    claims: dict[str, Any] = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": user, "tenant": tenant, "iat": now_s, "exp": now_s + expire_s,
    }  # fmt: skip
    if roles:
        claims["roles"] = list(roles)
    return jwt.encode(claims, secret, algorithm=ALGORITHMS[0])


def verify(keys: bytes | Sequence[bytes], token: str, *, now_us: int) -> Identity:
    """Who the token belongs to, signed with one of `keys`; raises `Refused` with status 401 and the reason.

    Reasons: `token-missing`, `token-malformed`, `token-header` (it brings its own key), `token-algorithm`,
    `token-signature`, `token-claim` (one is missing or of the wrong kind), `token-audience`, `token-issuer`,
    `token-expired`, `token-early`.
    """
    if not token:
        raise Refused(401, "token-missing")
    if len(token) > LONGEST:
        raise Refused(401, "token-malformed")
    claims = _any_key([keys] if isinstance(keys, bytes) else keys, token)
    _check_times(claims, now_us / US_PER_SECOND)
    user, tenant, roles = claims["sub"], claims["tenant"], claims.get("roles", list(SHOPPER))
    if not (isinstance(user, str) and user and isinstance(tenant, str) and tenant):
        raise Refused(401, "token-claim")
    if not (isinstance(roles, list) and all(isinstance(role, str) for role in roles)):
        raise Refused(401, "token-claim")
    return Identity(user, tenant, frozenset(roles), claims["iat"])


def _any_key(keys: Sequence[bytes], token: str) -> dict[str, Any]:
    """The claims by the first key that signed the token."""
    for key in keys[:-1]:
        try:
            return _claims(key, token)
        except Refused as refusal:
            if refusal.outcome != "token-signature":
                raise
    return _claims(keys[-1], token)


def _check_times(claims: Mapping[str, Any], now_s: float) -> None:
    times = [claims[name] for name in ("exp", "iat", "nbf") if name in claims]
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in times):
        raise Refused(401, "token-claim")
    if now_s >= claims["exp"] + LEEWAY_S:
        raise Refused(401, "token-expired")
    if now_s < max(claims["iat"], claims.get("nbf", 0)) - LEEWAY_S:
        raise Refused(401, "token-early")


def _claims(secret: bytes, token: str) -> dict[str, Any]:
    try:
        found = jwt.decode_complete(
            token,
            secret,
            algorithms=ALGORITHMS,
            audience=AUDIENCE,
            issuer=ISSUER,
            options=_OPTIONS,
        )
    except jwt.InvalidAlgorithmError:
        raise Refused(401, "token-algorithm") from None
    except jwt.InvalidSignatureError:
        raise Refused(401, "token-signature") from None
    except jwt.InvalidAudienceError:
        raise Refused(401, "token-audience") from None
    except jwt.InvalidIssuerError:
        raise Refused(401, "token-issuer") from None
    except jwt.MissingRequiredClaimError:
        raise Refused(401, "token-claim") from None
    except jwt.PyJWTError:
        raise Refused(401, "token-malformed") from None
    if any(name in found["header"] for name in FOREIGN_KEYS):
        raise Refused(401, "token-header")
    claims: dict[str, Any] = found["payload"]
    return claims
