"""Alternating least squares on implicit feedback (Hu, Koren and Volinsky, ICDM 2008), by the `implicit` library."""

from __future__ import annotations

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.recommender_base import ModelFitError
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.recommenders.base import Cost, Count, Histories, Interactions, Slates, Weight
from recsim.recommenders.cases import for_cases
from recsim.recommenders.topk import one_thread, rank_factors, without_history


class ALS:
    """User and product vectors whose inner product approximates "has interacted".

    `factors`: their dimension. `iterations`: sweeps over users and products. `regularization`: L2 weight. `alpha`:
    multiplies the weights of `Interactions` into confidences of an observed pair (an unobserved one has 1);
    40 is the paper's.
    After `fit`, `user_vectors` is float32 [users, factors] and `product_vectors` float32 [products, factors].
    A user without history gets no list.
    """

    name = "als"

    def __init__(
        self, *, factors: Count = 64, iterations: Count = 15, regularization: Weight = 0.05, alpha: Weight = 40.0
    ) -> None:
        self.factors = factors
        self.iterations = iterations
        self.regularization = regularization
        self.alpha = alpha
        self.user_vectors: NDArray[np.float32] = np.empty((0, factors), np.float32)
        self.product_vectors: NDArray[np.float32] = np.empty((0, factors), np.float32)
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._model: AlternatingLeastSquares | None = None

    def fit(self, interactions: Interactions, *, seed: int) -> None:
        self._history = interactions.matrix
        with one_thread():
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularization,
                alpha=self.alpha,
                iterations=self.iterations,
                num_threads=1,
                random_state=seed,
            )
            try:
                model.fit(interactions.matrix, show_progress=False)
            except ModelFitError:
                raise BadInput(
                    f"als overflows with alpha {self.alpha:g} and weights up to {interactions.matrix.data.max():g}; "
                    "lower training.alpha or evaluation.signals."
                ) from None
        self._model = model
        self.user_vectors = np.ascontiguousarray(model.user_factors, np.float32)
        self.product_vectors = np.ascontiguousarray(model.item_factors, np.float32)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        seen = self._history if mask_seen else None
        return without_history(
            rank_factors(self.user_vectors, self.product_vectors, users, k, seen=seen), self._history
        )

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        """Each history gets a user vector of its own, the product vectors fixed; a pair in it has the weight 1."""
        return for_cases(self._rank, histories, self._history.shape[1], k, mask_seen=mask_seen)

    def _rank(self, rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
        assert self._model is not None, "fit comes first"
        everybody = np.arange(rows.shape[0], dtype=np.int64)
        with one_thread():
            vectors = np.ascontiguousarray(self._model.recalculate_user(everybody, rows), np.float32)
        return rank_factors(vectors, self.product_vectors, everybody, k, seen=seen)

    def cost(self, users: int, products: int, pairs: int) -> Cost:
        """Seconds a pair, iteration and 64 factors, and a score, as measured on the Gowalla check-ins."""
        size = self.factors / 64
        return Cost(
            memory_bytes=(users + products) * self.factors * 4 * 2 + pairs * 8 * 3,
            cpu_s=self.iterations * pairs * 4e-7 * size + users * products * 3.5e-9 * size,
        )
