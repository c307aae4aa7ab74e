"""Access tokens: signed JWT that say who the user is and which tenant they belong to.

Checked as RFC 8725 asks: the algorithms accepted are a fixed list (never the one the token claims), and issuer,
audience and expiry are required. Expiry is held against the simulated clock, which PyJWT does not know.
"""

from __future__ import annotations

import hashlib
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


def simulated_secret(seed: int) -> bytes:
    """The signing key of a simulation: it protects nothing, it only lets signatures be made and broken."""
    return hashlib.sha256(f"recsim token key {seed}".encode()).digest()


def issue(secret: bytes, user: str, tenant: str, *, now_us: int, expire_s: int) -> str:
    """A signed token of a user, good for `expire_s` seconds."""
    now_s = now_us // US_PER_SECOND
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": user, "tenant": tenant, "iat": now_s, "exp": now_s + expire_s,
    }  # fmt: skip
    return jwt.encode(claims, secret, algorithm=ALGORITHMS[0])


def verify(secret: bytes, token: str, *, now_us: int) -> Identity:
    """Who the token belongs to; raises `Refused` with status 401 and the reason.

    Reasons: `token-missing`, `token-malformed`, `token-algorithm`, `token-signature`, `token-claim` (one is missing
    or of the wrong kind), `token-audience`, `token-issuer`, `token-expired`, `token-early`.
    """
    if not token:
        raise Refused(401, "token-missing")
    if len(token) > LONGEST:
        raise Refused(401, "token-malformed")
    claims = _claims(secret, token)
    now_s = now_us / US_PER_SECOND
    if not all(isinstance(claims[name], int) for name in ("exp", "iat")):
        raise Refused(401, "token-claim")
    if now_s >= claims["exp"] + LEEWAY_S:
        raise Refused(401, "token-expired")
    if now_s < claims["iat"] - LEEWAY_S:
        raise Refused(401, "token-early")
    user, tenant = claims["sub"], claims["tenant"]
    if not (isinstance(user, str) and user and isinstance(tenant, str) and tenant):
        raise Refused(401, "token-claim")
    return Identity(user, tenant)


def _claims(secret: bytes, token: str) -> dict[str, Any]:
    try:
        return jwt.decode(
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
