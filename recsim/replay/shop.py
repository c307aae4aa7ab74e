"""The shop around search and recommendations: carts, checkout, reviews, votes, media, edge cache, push.

The sampled users' carts, purchases, votes and reviews are requests too. They go through the same load balancer and
gateways as the others and are never thinned: a purchase without the cart before it would make no sense.

| event | requests |
|---|---|
| `view_product` | the page's pictures, from the edge cache |
| `add_to_cart` | `/v1/cart/add` |
| `purchase` | `/v1/cart/change` where the cart lacks the product, then `/v1/checkout` of it |
| `upvote`, `downvote` | `/v1/vote` |
| `submit_review` | `/v1/review/submit` with what the world's review says, and `/v1/review/list` of the product |

At midnight the background workers run: votes reach their registers, reviews leave the outbox for index and log, orders
that were not paid expire, rings of votes are looked for, and the day's campaign is sent.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from recsim.clock import instant_us
from recsim.components.base import CallLog, Response, Trace
from recsim.components.cache import Cache, cache_key
from recsim.components.cart import ROUTES as CART_ROUTES
from recsim.components.cart import CartService, CartStore
from recsim.components.catalogue import Catalogue
from recsim.components.checkout import EVENTS, CheckoutService
from recsim.components.checkout import ROUTE as CHECKOUT_ROUTE
from recsim.components.documents import picture_url
from recsim.components.edge_cache import EdgeCache
from recsim.components.gateway import Service
from recsim.components.inventory import Inventory, Line
from recsim.components.media import PER_REVIEW, MediaStore
from recsim.components.moderation import Moderator, vote_rings
from recsim.components.push import Campaign, Device, Outcome, PushService, SentRegister
from recsim.components.quota import EmbeddedQuotaStore
from recsim.components.review_store import ReviewStore
from recsim.components.reviews import ROUTES as REVIEW_ROUTES
from recsim.components.reviews import ReviewIndex, ReviewService
from recsim.components.stock_cache import CachedStock
from recsim.components.topics import TopicLog
from recsim.components.votes import ROUTE as VOTE_ROUTE
from recsim.components.votes import VoteService, VoteSync
from recsim.replay.world_reviews import WorldReviews
from recsim.rng import uniforms
from recsim.scenario import Scenario
from recsim.units import US_PER_SECOND
from recsim.wiring import connect

Ask = Callable[[dict[str, Any], str, dict[str, Any]], Response]
"""(as-of row of the event, route, arguments) → the answer, through load balancer and gateway."""

_WAYS = {"upvote": "up", "downvote": "down"}
_AUDIT = "audit"


class Shop:
    """The boxes, what the sampled users did with them, and what must hold in the end."""

    def __init__(
        self,
        scenario: Scenario,
        catalogue: Catalogue,
        *,
        user_keys: Sequence[str],
        user_tenants: Sequence[str],
        image_counts: Sequence[int],
        index: ReviewIndex,
    ) -> None:
        settings, stores = scenario.shop, scenario.stores
        self._scenario, self.catalogue, self._images = scenario, catalogue, image_counts
        self.world = WorldReviews(catalogue.keys, user_keys)
        self._user_tenants = user_tenants
        self.carts: CartStore = connect("carts", stores.carts)
        self.cache: Cache = connect("cache", stores.cache)
        self.inventory: Inventory = connect("inventory", stores.inventory)
        self.log: TopicLog = connect("topics", stores.topics)
        self.store: ReviewStore = connect("reviews", stores.reviews)
        self.media: MediaStore = connect("media", stores.media)
        self.moderator = Moderator()
        self.edge = EdgeCache(round(settings.edge_mib * (1 << 20)), settings.edge_policy)
        self.sync = VoteSync(self.store, self.log, self.cache, settings.votes)
        self.sold: Counter[tuple[str, str]] = Counter()
        self.campaigns: list[tuple[Campaign, Outcome]] = []
        self.acknowledged: dict[str, set[tuple[str, str]]] = {"reviews": set(), "orders": set()}
        self.votes_acknowledged = 0
        self._stock_up()
        self._checkout = CheckoutService(
            carts=self.carts, inventory=self.inventory, stock=CachedStock(self.inventory, self.cache), log=self.log,
            pay=self._pays, hold_s=settings.hold_minutes * 60,
        )  # fmt: skip
        self.reviews = ReviewService(
            store=self.store, media=self.media, log=self.log, index=index, known_product=self._sells,
            bought=lambda tenant, user, product: (cache_key(tenant, user), product) in self.sold,
            allowed=self.moderator,
        )  # fmt: skip
        self._votes = VoteService(reviews=self.store, log=self.log, cache=self.cache, mode=settings.votes)
        self.provider = SimulatedProvider(scenario.seed, settings.push_refused_share)
        self.push = PushService(
            dict.fromkeys(("android", "ios"), self.provider),
            SentRegister.from_url("sqlite:"), EmbeddedQuotaStore(), seed=scenario.seed,
        )  # fmt: skip

    def routes(self) -> dict[str, Service]:
        """Route → the service behind it, for the gateways."""
        cart = CartService(self.carts)
        return {
            **dict.fromkeys(CART_ROUTES, cart),
            CHECKOUT_ROUTE: self._checkout,
            **dict.fromkeys(REVIEW_ROUTES, self.reviews),
            VOTE_ROUTE: self._votes,
        }

    def _stock_up(self) -> None:
        catalogue = self.catalogue
        for code, tenant in enumerate(catalogue.tenants):
            own = np.flatnonzero(catalogue.tenant == code).tolist()
            lines = [Line(catalogue.keys[product], int(catalogue.quantity[product])) for product in own]
            self.inventory.put_stock(lines, tenant=tenant)

    def _sells(self, tenant: str, product: str) -> bool:
        return self.catalogue.number(product, tenant) is not None

    def _pays(self, tenant: str, order: str, _lines: list[Line]) -> bool:
        """Declined by a draw that depends on the order alone."""
        entity = np.array([hash_of(cache_key(tenant, order))], np.uint64)
        drawn = float(uniforms(self._scenario.seed, "shop/payment", entity)[0, 0])
        return drawn >= self._scenario.shop.declined_share

    def run_day(self, as_of: pa.Table, ask: Ask, calls: CallLog) -> Counter[tuple[str, str]]:
        """The shop's requests of a day in order of time; how many ended how, by (route, outcome)."""
        outcomes: Counter[tuple[str, str]] = Counter()
        for row in as_of.to_pylist():
            kind = row["event_type"]
            if kind == "view_product":
                self._pictures(row, calls)
                continue
            for route, arguments in self._requests(kind, row):
                response = ask(row, route, arguments)
                outcomes[route, response.outcome] += 1
                self._note(row, route, arguments, response)
        return outcomes

    def _requests(self, kind: str, row: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        product = None if row["product_id"] is None else self.catalogue.keys[row["product_id"]]
        if kind == "add_to_cart":
            yield "/v1/cart/add", {"product_id": product}
        elif kind == "purchase":
            yield "/v1/cart/change", {"product_id": product, "units": 1}
            yield CHECKOUT_ROUTE, {"order": f"o{row['event_id']}", "products": [product]}
        elif kind in _WAYS and row["reference_id"] is not None:
            self._bring(row["reference_id"], row["tenant"])
            review = f"r{row['reference_id']}"
            yield VOTE_ROUTE, {"review_id": review, "direction": _WAYS[kind], "vote_id": f"v{row['event_id']}"}
        elif kind == "submit_review" and product is not None:
            yield "/v1/review/submit", self._review(row, product)
            yield "/v1/review/list", {"product_id": product}

    def _bring(self, review: int, tenant: str) -> None:
        """A review of the world that is voted on for the first time stands in the store as if it had been there."""
        if self.store.get([f"r{review}"], tenant=tenant)[0] is None:
            known = self.world.stored(review)
            if known is not None and self._sells(tenant, known.product):
                self.store.add(known, tenant=tenant)
                self.store.mark_published([(tenant, known.review_id)])

    def _review(self, row: dict[str, Any], product: str) -> dict[str, Any]:
        said = self.world.row(row["reference_id"]) if row["reference_id"] is not None else None
        if said is None:
            return {"product_id": product, "stars": 5, "review_id": f"e{row['event_id']}"}
        pictures = [picture(row["reference_id"] + place) for place in range(min(said["image_count"], PER_REVIEW))]
        return {
            "product_id": product, "stars": round(said["stars"]), "title": said["title"] or "",
            "text": said["text"] or "", "media": pictures, "review_id": f"r{row['reference_id']}",
        }  # fmt: skip

    def _pictures(self, row: dict[str, Any], calls: CallLog) -> None:
        """What a product page shows, asked of the edge."""
        trace = Trace(calls, 0, instant_us(row["event_timestamp"]))
        key, code = self.catalogue.keys[row["product_id"]], self.catalogue.tenant[row["product_id"]]
        for number in range(self._images[row["product_id"]]):
            url = picture_url(key, number, self.catalogue.tenants[code])
            self.edge.fetch(url, self._scenario.shop.picture_bytes, trace)

    def _note(self, row: dict[str, Any], route: str, arguments: dict[str, Any], response: Response) -> None:
        """What was acknowledged must be there in the end."""
        if response.status >= 300:
            return
        if route == "/v1/review/submit":
            self.acknowledged["reviews"].add((row["tenant"], arguments["review_id"]))
        elif route == VOTE_ROUTE:
            self.votes_acknowledged += 1
        elif route == CHECKOUT_ROUTE:
            self.acknowledged["orders"].add((row["tenant"], arguments["order"]))
            buyer = cache_key(row["tenant"], self.world.user_key(row["user_id"]))
            for product in arguments["products"]:
                self.sold[buyer, product] += 1

    def midnight(self, day: str, now_us: int, devices: Iterable[Device], calls: CallLog) -> None:
        """The background workers, and the day's campaign of each tenant."""
        trace = Trace(calls, 0, now_us)
        self.sync.run(trace)
        self.reviews.publish(trace, limit=1_000_000)
        self._checkout.publish(trace)
        with trace.hop("inventory", "expire"):
            self.inventory.expire(now_us)
        reached = list(devices)
        segment = self._scenario.shop.push_segment
        for tenant in self.catalogue.tenants:
            campaign = Campaign(f"daily-{day}", tenant, frozenset({segment} if segment else ()))
            self.campaigns.append((campaign, self.push.run(campaign, reached, trace)))

    def suspects(self, votes: pa.Table) -> int:
        """Look for rings among a table of votes; their members' reviews are held back from now on. How many members."""
        columns = [votes[name].to_numpy() for name in ("user_id", "review_id", "direction")]
        at_us = votes["event_timestamp"].cast(pa.int64()).to_numpy()
        members = vote_rings(columns[0], columns[1], columns[2], at_us)
        for user in np.concatenate(members) if members else ():
            self.moderator.suspect(self._user_tenants[int(user)], self.world.user_key(int(user)))
        return sum(len(ring) for ring in members)

    def logged(self) -> list[bytes]:
        """Everything in the event topic, as an auditor reads it."""
        found: list[bytes] = []
        while part := self.log.fetch(EVENTS, _AUDIT, 10_000):
            found += [delivery.record.value for delivery in part]
        self.log.rewind(EVENTS, _AUDIT)
        return found

    def close(self) -> None:
        self.log.close()


class SimulatedProvider:
    """A provider that refuses a share of first tries with "wait a second", by user. `delivered` counts by (campaign,
    tenant, user)."""

    def __init__(self, seed: int, refused_share: float) -> None:
        self._seed, self._share = seed, refused_share
        self._refused: set[tuple[str, str, str]] = set()
        self.delivered: Counter[tuple[str, str, str]] = Counter()

    def send(self, campaign: Campaign, device: Device, _now_us: int) -> int | None:
        key = (campaign.name, campaign.tenant, device.user)
        entity = np.array([hash_of(cache_key(*key))], np.uint64)
        if key in self._refused or float(uniforms(self._seed, "shop/push", entity)[0, 0]) >= self._share:
            self.delivered[key] += 1
            return None
        self._refused.add(key)
        return US_PER_SECOND


def hash_of(text: str) -> int:
    """A text as a number of 64 bits."""
    import hashlib

    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def picture(number: int) -> bytes:
    """A small picture, another one for another number."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (16, 16), (number & 255, number >> 8 & 255, number >> 16 & 255)).save(out, "PNG")
    return out.getvalue()
