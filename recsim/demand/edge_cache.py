"""Edge cache (CDN): bytes and requests it serves, and its bill by Amazon CloudFront's tiers."""

from __future__ import annotations

import numpy as np

from recsim.demand.constants import Amounts, Constants
from recsim.demand.load import Load
from recsim.demand.quantity import USD_PER_YEAR, Demand, Quantity, cost
from recsim.units import DAYS_PER_YEAR, GB, SECONDS_PER_DAY

MONTHS_PER_YEAR = 12
DAYS_PER_MONTH = DAYS_PER_YEAR / MONTHS_PER_YEAR
_TIERS = "Amazon CloudFront price tiers, United States and Europe"


def demand_edge_cache(load: Load, c: Constants) -> Demand:
    """Images the browser did not have, video plays on product pages, and the rest of each page."""
    user_bytes = (
        load.pages_per_user_day * c.image_bytes_per_page * (1 - c.browser_hit_share)
        + load.product_views_per_user_day * c.video_play_share * c.video_play_bytes
        + load.pages_per_user_day * c.page_bytes
    )
    month_bytes = user_bytes * load.daily_active * DAYS_PER_MONTH
    mean_bps = user_bytes * load.daily_active * 8 / SECONDS_PER_DAY
    event_rps = image_requests_rps(load, c)
    year_requests = event_rps / load.event_factor * SECONDS_PER_DAY * DAYS_PER_YEAR
    egress_usd = MONTHS_PER_YEAR * egress_usd_per_month(month_bytes / GB, c)
    requests_usd = year_requests / 10_000 * c.edge_10k_requests_usd
    quantities = (
        Quantity("bytes per user", user_bytes, "B/user-day", "images past the browser cache, video plays, page"),
        Quantity("bytes per month", month_bytes, "B/month", "bytes a user-day x users x days"),
        Quantity("throughput, mean", mean_bps, "bit/s", "bytes a user-day x users x 8"),
        Quantity("throughput, event peak", mean_bps * load.event_factor, "bit/s", "mean x event peak"),
        Quantity("requests, event peak", event_rps, "requests/s", "images a page past the browser cache"),
        Quantity("egress bill", egress_usd, USD_PER_YEAR, _TIERS),
        Quantity("request bill", requests_usd, USD_PER_YEAR, "Amazon CloudFront, HTTPS requests"),
        cost(egress_usd + requests_usd, "egress and requests"),
    )
    return Demand("edge_cache", quantities)


def image_requests_rps(load: Load, c: Constants) -> Amounts:
    """Image requests that reach the edge at event peak."""
    return load.pages_event_rps * c.images_per_page * (1 - c.browser_hit_share)


def egress_usd_per_month(month_gb: Amounts, c: Constants) -> Amounts:
    """The bill of a month's gigabytes: each tier's price on the part that falls into it."""
    tiers = (
        (10e3, c.edge_gb_to_10tb_usd),
        (50e3, c.edge_gb_to_50tb_usd),
        (150e3, c.edge_gb_to_150tb_usd),
        (500e3, c.edge_gb_to_500tb_usd),
        (1_024e3, c.edge_gb_to_1024tb_usd),
        (5_024e3, c.edge_gb_to_5024tb_usd),
        (np.inf, c.edge_gb_beyond_usd),
    )
    usd: Amounts = 0.0 * month_gb
    below = 0.0
    for upto, price in tiers:
        usd = usd + np.minimum(np.maximum(month_gb - below, 0.0), upto - below) * price
        below = upto
    return usd
