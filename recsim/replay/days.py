"""The days of a replay in order: events, then requests, then midnight; and what is known when they are over."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsim.clock import day_start_us
from recsim.components.content import ContentMap
from recsim.components.model_store import ModelStore
from recsim.dataset import Dataset
from recsim.progress import Progress
from recsim.replay.invariants import Audit
from recsim.replay.loop import SURFACES, Shoppers, changes
from recsim.replay.loop_results import outcome_table, rates
from recsim.replay.midnight import DailyBatch
from recsim.replay.plane import RequestPlane
from recsim.replay.quality import Choices, judge_day
from recsim.replay.requests import names_session_starts, plan_day, sampled_users
from recsim.replay.served import Served
from recsim.replay.shop_results import devices_of
from recsim.replay.shop_statistics import ShopStatistics
from recsim.replay.stream import StreamDay, StreamPlane
from recsim.replay.truth import Truth, judge_truth
from recsim.replay.world_reviews import world_reviews
from recsim.scenario import Scenario
from recsim.schema.columns import arrow_schema, encodings
from recsim.schema.tables import Impression


class Days:
    """One replay under way: both planes, the batch, and the results that grow with every day."""

    def __init__(
        self, scenario: Scenario, world: Dataset, directory: Path, progress: Progress, shoppers: Shoppers | None = None
    ) -> None:
        self.scenario = scenario
        self.world = world
        self.quality: list[dict[str, Any]] = []
        self.outcomes: dict[str, dict[str, int]] = {}
        self.shop_outcomes: Counter[tuple[str, str]] = Counter()
        self.suspects = 0
        self.segments: Counter[tuple[str, str, str]] = Counter()
        self.streamed: list[StreamDay] = []
        self.cpu_s: dict[str, float] = {}
        self.training_s: list[float] = []
        self.loop_rates: list[dict[str, Any]] = []
        self.loop_outcomes: list[pa.Table] = []
        self.loop_changes = 0
        self.loop_served = 0
        self.served_users: NDArray[np.int64] = np.empty(0, np.int64)
        self._shoppers = shoppers
        self._progress = progress
        sampled = sampled_users(world.users, scenario.requests, scenario.seed)
        self.stream = StreamPlane(world, scenario.stream, directory / "lake", sampled=sampled)
        with self._timed("load"):
            self.plane = RequestPlane(scenario, world, categories=self.stream.categories, progress=progress)
        catalogue = self.plane.catalogue
        self.models = ModelStore(directory / "models")
        self.audit = Audit(catalogue, self.plane.rate)
        content = ContentMap.of(world.read("products").sort_by("product_id"))
        self._batch = DailyBatch(scenario, catalogue, world.users, directory / "lake", self.models, content)
        self._sampled = sampled
        self._devices = devices_of(world, sampled)
        self._statistics = ShopStatistics(
            scenario, catalogue, directory / "lake",
            devices=self.stream.log.devices, regions=self.stream.enrichment.regions,
        )  # fmt: skip
        self._truth = Truth.of(world, catalogue.tenant)
        self._has_starts = names_session_starts(world)
        self._queries: dict[int, str] = {}
        self._impressions = _open_impressions(directory / "impressions" / "part-0000.parquet")

    def play(self) -> None:
        """All days. A day is judged when the next one is known, the last by what is left of the log."""
        days = self.stream.days
        waiting: Served | None = None
        before = None
        for number, day in enumerate(days):
            self._progress("days", number, len(days), "days")
            streamed = self.stream.run_day(day, progress=self._progress)
            if waiting is not None and before is not None:
                self._judge(waiting, [before, streamed.as_of])
            waiting, before = self._requests(day, streamed.as_of), streamed.as_of
            self.streamed.append(streamed)
            self._midnight(day, self._loop(waiting, streamed.as_of))
            with self._timed("midnight"):
                self.plane.search_log.midnight(streamed.as_of, self._queries)
        if waiting is not None and before is not None:
            self._judge(waiting, [before])
        self._progress("days", len(days), len(days), "days")
        self._impressions.close()

    def _requests(self, day: str, as_of: pa.Table) -> Served:
        with self._timed("requests"):
            plan = plan_day(as_of, self.scenario.requests, self.scenario.seed, has_starts=self._has_starts)
            self._statistics.open(day)
            served = self.plane.run_day(day, as_of, plan, self._typed(day), self._progress, self._statistics)
        with self._timed("audit"):
            self.audit.take(served, len(plan), as_of, self.models.models)
        shown = served.impressions()
        if shown.num_rows:
            self._impressions.write_table(shown)
        with self._timed("shop"):
            self.plane.shop.world.take(world_reviews(self.world, day, first=day == self.stream.days[0]))
            self.shop_outcomes += self.plane.shop.run_day(as_of, self.plane.ask, self.plane.calls)
        self.segments.update((one.tenant, self.plane.region(one.user), one.outcome) for one in served.made)
        for (surface, outcome), count in sorted(served.outcomes().items()):
            of_surface = self.outcomes.setdefault(surface, {})
            of_surface[outcome] = of_surface.get(outcome, 0) + count
        return served

    def _loop(self, served: Served, as_of: pa.Table) -> list[tuple[int, int, str, int]]:
        """Let the users choose from a day's slates; what that changes in the day."""
        if self._shoppers is None:
            return []
        with self._timed("loop"):
            outcomes = self._shoppers.choose(served, as_of)
            asked = np.array([one.user for one in served.made], np.int64)
            self.served_users = np.union1d(self.served_users, asked)
            self.loop_served += sum(one.slate is not None and one.surface in SURFACES for one in served.made)
            self.loop_outcomes.append(outcome_table(outcomes))
            settings = {"seed": self.scenario.seed, "replicates": self.scenario.evaluation.bootstrap}
            self.loop_rates += rates(served, outcomes, **settings)
            changed = changes(outcomes, as_of)
            self.loop_changes += len(changed)
            return changed

    def _typed(self, day: str) -> dict[int, str]:
        """The queries of a day and of the one before: a search before midnight may be counted after it."""
        found = self.world.read("queries", day=day, columns=["query_id", "text"])
        today = dict(zip(found["query_id"].to_pylist(), found["text"].to_pylist(), strict=True))
        both = self._queries | today
        self._queries = today
        return both

    def _midnight(self, day: str, changed: list[tuple[int, int, str, int]]) -> None:
        with self._timed("midnight"):
            reviews, votes = (self.world.read(table, day=day) for table in ("reviews", "votes"))
            added = self._batch.take(day, reviews, changed)
            now_us = day_start_us(date.fromisoformat(day), 1)
            shop = self._statistics
            shop.close(now_us, self.plane.shelves, self._batch.customers())
            signals = self._batch.signals(shop.trending.scores(now_us))
            self.plane.refresh(signals, shop.contexts, reviews, votes)
            self.plane.shop.midnight(day, now_us, self._devices, self.plane.calls)
            self.suspects += self.plane.shop.suspects(votes)
            if added:
                self._progress("train", 0, 1, "models")
                trained = self._batch.train(now_us=now_us)
                if trained is not None:
                    self.plane.publish(trained.publication, trained.embeddings, self._sampled)
                    self.training_s.append(trained.cpu_s)
                self._progress("train", 1, 1, "models")

    def _judge(self, served: Served, tables: list[pa.Table]) -> None:
        scenario = self.scenario
        settings = {
            "depth": scenario.ranking.slate, "seed": scenario.seed, "replicates": scenario.evaluation.bootstrap,
        }  # fmt: skip
        with self._timed("judge"):
            self.quality += judge_day(served, Choices.of(tables), products=self.world.products, **settings)
            if self._truth is not None:
                self.quality += judge_truth(served, self._truth, self.plane.catalogue.tenants, **settings)

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        started = time.process_time()
        yield
        self.cpu_s[part] = self.cpu_s.get(part, 0.0) + time.process_time() - started

    def close(self) -> None:
        """Let go of stores and scratch files."""
        self._impressions.close()
        self.plane.close()
        self.stream.close()


def _open_impressions(path: Path) -> pq.ParquetWriter:
    path.parent.mkdir(parents=True, exist_ok=True)
    return pq.ParquetWriter(path, arrow_schema(Impression), **encodings(Impression))
