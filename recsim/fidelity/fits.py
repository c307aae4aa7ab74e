"""Parameters of the model from distributions: Poisson-lognormal counts, floored lognormals, lognormal quantiles."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, ndtr, ndtri

NODES = np.linspace(-7.0, 7.0, 281)
LOG_MASSES = -(NODES**2) / 2 - math.log(math.sqrt(2 * math.pi)) + math.log(NODES[1] - NODES[0])
"""The trapezoidal rule over a standard normal z; fine enough for the Poisson kernel of counts below `SMOOTH`."""
SMOOTH = 60
"""From this count on, the Poisson spread adds 1 ÷ n to the variance of the logarithm and is not integrated."""
_MEAN_START = 1.5


def _log_share(at: NDArray[np.int64], mu: float, sigma: float) -> NDArray[np.float64]:
    """log P(n) of each count n, Poisson with lognormal mean."""
    shares = np.empty(len(at))
    low = at < SMOOTH
    log_rate = np.clip(mu + sigma * NODES, -50, 50)
    terms = at[low][:, None] * log_rate - np.exp(log_rate) - gammaln(at[low] + 1.0)[:, None] + LOG_MASSES
    top = terms.max(axis=1, initial=-1e300)
    shares[low] = top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
    n = at[~low].astype(np.float64)
    spread = np.sqrt(sigma**2 + 1.0 / n)
    shares[~low] = -(((np.log(n) - mu) / spread) ** 2) / 2 - np.log(spread * n * math.sqrt(2 * math.pi))
    return shares


def poisson_lognormal(histogram: NDArray[np.int64], *, least: int) -> tuple[float, float] | None:
    """(mu, sigma) of counts that are Poisson with lognormal mean exp(mu + sigma z), seen from `least` up.

    By maximum likelihood over the histogram. None of fewer than 30 counts.
    """
    counts = np.arange(len(histogram))
    used = np.flatnonzero((histogram > 0) & (counts >= least))
    if histogram[used].sum() < 30 or len(used) < 3:
        return None
    weights = histogram[used] / histogram[used].sum()
    below = np.arange(least)

    def loss(parameters: NDArray[np.float64]) -> float:
        mu, sigma = float(parameters[0]), float(np.exp(parameters[1]))
        seen = 1.0 - float(np.exp(_log_share(below, mu, sigma)).sum()) if least else 1.0
        return float(-(weights @ _log_share(used, mu, sigma)) + math.log(max(seen, 1e-12)))

    start = np.array([math.log(max(float(weights @ used) - _MEAN_START, 0.1)) - 0.5, math.log(1.2)])
    found = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-7, "maxiter": 400})
    return float(found.x[0]), float(min(np.exp(found.x[1]), 3.0))


def unseen_share(mu: float, sigma: float) -> float:
    """The share of Poisson-lognormal counts that are 0."""
    return float(np.exp(_log_share(np.zeros(1, np.int64), mu, sigma))[0])


def floored_lognormal(histogram: NDArray[np.int64], *, least: int) -> tuple[float, float] | None:
    """(median, sigma) of n = 1 + max(⌊X⌋, 1), X lognormal, seen from `least` up: the length of a longer session.

    By maximum likelihood over the histogram; None of fewer than 30 sessions.
    """
    counts = np.arange(len(histogram))
    least = max(least, 2)
    used = np.flatnonzero((histogram > 0) & (counts >= least))
    if histogram[used].sum() < 30:
        return None
    weights = histogram[used] / histogram[used].sum()

    def loss(parameters: NDArray[np.float64]) -> float:
        mu, sigma = float(parameters[0]), float(np.exp(parameters[1]))
        # n = 2 has X below 2, n > 2 has X in n - 1 .. n
        low = np.where(used == 2, 0.0, ndtr((np.log(np.maximum(used - 1, 1)) - mu) / sigma))
        share = ndtr((np.log(used) - mu) / sigma) - low
        seen = 1.0 if least == 2 else 1.0 - float(ndtr((math.log(least - 1) - mu) / sigma))
        return float(-(weights @ np.log(np.maximum(share, 1e-300))) + math.log(max(seen, 1e-12)))

    start = np.array([math.log(max(float(weights @ used) - 1.5, 1.0)), math.log(0.8)])
    found = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-7, "maxiter": 400})
    return float(np.exp(found.x[0])), float(min(np.exp(found.x[1]), 3.0))


def below_share(mu: float, sigma: float, least: int) -> float:
    """The share of Poisson-lognormal counts below a count."""
    return float(np.exp(_log_share(np.arange(least), mu, sigma)).sum())


def cut_lognormal(values: Mapping[str, float], *, most: float) -> tuple[float, float]:
    """(median, sigma) of the lognormal, values above `most` lowered to it, nearest to some quantiles named p25, p50 …

    Nearest by the largest log ratio of the quantiles from a quarter to 95 %, as a certificate judges them.
    """
    shares = [name for name in ("p25", "p50", "p75", "p90", "p95") if values[name] > 0]
    z = ndtri(np.array([float(name[1:]) / 100 for name in shares]))
    logs = np.log([values[name] for name in shares])

    def worst(parameters: NDArray[np.float64]) -> float:
        mu, sigma = float(parameters[0]), float(np.exp(parameters[1]))
        made = np.minimum(mu + sigma * z, math.log(most))
        return float(np.abs(made - logs).max())

    slope, middle = np.polyfit(z, logs, 1) if len(shares) > 1 else (1.0, logs[0])
    start = np.array([middle, math.log(max(float(slope), 0.05))])
    found = minimize(worst, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-5, "maxiter": 600})
    return float(np.exp(found.x[0])), float(np.exp(found.x[1]))
