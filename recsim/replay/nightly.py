"""What midnight puts into the stores of the request plane: vectors, and the list of the night for every user."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsim.components.catalogue import Catalogue
from recsim.components.embedding_store import EmbeddingStore, keep_last
from recsim.components.feature_store import EMBEDDING_DECIMALS
from recsim.components.precomputed import NIGHTLY, PrecomputedStore
from recsim.components.product_index import ProductIndex, SearchQuery
from recsim.components.retrieval import Publication
from recsim.recommenders.diversity import Diversity
from recsim.recommenders.rerank import Reranker
from recsim.recommenders.topk import rank_factors
from recsim.scenario import Scenario
from recsim.wiring import connect


def reranker_of(scenario: Scenario) -> Reranker:
    """The reranker a scenario describes."""
    ranking = scenario.ranking
    diversity = Diversity(ranking.diversity, ranking.diversity_weight)
    return Reranker(ranking.weights, ranking.policy, ranking.temperature, scenario.seed, diversity)


def keyword_hits(index: ProductIndex, text: str, n: int, tenant: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """A tenant's best products for words, as the engine asks for them."""
    hits = index.search(SearchQuery(text, n, tenant=tenant))
    return hits.products, hits.scores


class Nightly:
    """Publishes a model version into the embedding store and the store of nightly lists, tenant by tenant, and reads
    users' embeddings back out of it. Only the users of the request sample are written: nobody else asks."""

    def __init__(
        self, scenario: Scenario, catalogue: Catalogue, user_keys: Sequence[str], tenants: Sequence[str]
    ) -> None:
        self.embeddings: EmbeddingStore = connect("embeddings", scenario.stores.embeddings)
        self.lists: PrecomputedStore = connect("precomputed", scenario.stores.precomputed)
        self._catalogue = catalogue
        self._user_keys = user_keys
        self._tenants = np.array(tenants, dtype=object)
        self._version = 0

    def publish(
        self, publication: Publication, embeddings: NDArray[np.float32], users: NDArray[np.bool_] | None
    ) -> None:
        """Store vectors and lists of a version, for the masked users (all where None) that have a vector."""
        trained = embeddings.any(axis=1) if users is None else embeddings.any(axis=1) & users
        for code, tenant in enumerate(self._catalogue.tenants):
            products = np.flatnonzero((self._catalogue.tenant == code) & publication.vectors.any(axis=1))
            own = np.flatnonzero(trained & (self._tenants == tenant))
            if len(products):
                self._store(publication, tenant, products, own, embeddings)
        self._version = publication.version

    def _store(
        self,
        publication: Publication,
        tenant: str,
        products: NDArray[np.int64],
        users: NDArray[np.int64],
        embeddings: NDArray[np.float32],
    ) -> None:
        version, vectors = publication.version, np.ascontiguousarray(publication.vectors[products])
        product_keys = [self._catalogue.keys[product] for product in products]
        user_keys = [self._user_keys[user] for user in users]
        self.embeddings.publish("product", product_keys, vectors, version=version, tenant=tenant)
        self.embeddings.publish("user", user_keys, embeddings[users], version=version, tenant=tenant)
        for kind in ("product", "user"):
            keep_last(self.embeddings, kind, tenant=tenant)
        found = rank_factors(embeddings, vectors, users, min(NIGHTLY, len(products)), seen=None).products
        listed = np.where(found >= 0, products[found], -1).astype(np.int32)
        self.lists.publish(user_keys, listed, version=version, tenant=tenant)

    def embedding(self, user: str, tenant: str) -> list[float]:
        """The user's vector of the version that serves, as the feature record holds it; empty where there is none."""
        if not self._version:
            return []
        found = self.embeddings.get("user", [user], version=self._version, tenant=tenant)[0]
        rounded: list[float] = [] if found is None else np.round(found.astype(np.float64), EMBEDDING_DECIMALS).tolist()
        return rounded

    def close(self) -> None:
        self.embeddings.close()
        self.lists.close()
