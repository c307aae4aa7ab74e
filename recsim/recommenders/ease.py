"""EASE, embarrassingly shallow autoencoders for sparse data (Steck, WWW 2019): a closed form with one parameter."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.linalg.lapack import spotrf, spotri
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.recommenders.base import Cost, Histories, Interactions, Slates
from recsim.recommenders.cases import binary_of, for_cases
from recsim.recommenders.item_item import rank_dense
from recsim.recommenders.topk import Selection, one_thread, without_history

_TILE = 256

_USERS_PER_BLOCK = 32
"""Users scored at once from the inverse over users: their sums are added as one vector."""


@njit(cache=True)
def _gram(indptr, indices, column_starts, rows, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Lower triangle of XᵀX of a binary X, a row at a time, so that the row being filled stays in the cache."""
    for product in range(out.shape[0]):
        line = out[product]
        for place in range(column_starts[product], column_starts[product + 1]):
            user = rows[place]
            for other in range(indptr[user], indptr[user + 1]):
                if indices[other] > product:
                    break
                line[indices[other]] += 1.0


@njit(cache=True)
def _to_weights(inverse):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The lower triangle of P becomes B = I - P / diag(P), whole and in place: B[i, j] = -P[i, j] / P[j, j]."""
    n = inverse.shape[0]
    diagonal = np.empty(n, np.float32)
    for i in range(n):
        diagonal[i] = inverse[i, i]
        inverse[i, i] = 0.0
    for top in range(0, n, _TILE):
        for left in range(0, top + 1, _TILE):
            for i in range(top, min(top + _TILE, n)):
                for j in range(left, min(left + _TILE, i)):
                    value = -inverse[i, j]
                    inverse[i, j] = value / diagonal[j]
                    inverse[j, i] = value / diagonal[i]


@njit(cache=True)
def _mirror(inverse):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The lower triangle of a symmetric matrix becomes the whole, in place."""
    n = inverse.shape[0]
    for top in range(0, n, _TILE):
        for left in range(0, top + 1, _TILE):
            for i in range(top, min(top + _TILE, n)):
                for j in range(left, min(left + _TILE, i)):
                    inverse[j, i] = inverse[i, j]


@njit(cache=True)
def _explained(inverse, column_starts, rows):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """xᵀ K x of each binary column x, in float64."""
    out = np.zeros(column_starts.shape[0] - 1)
    for product in range(out.shape[0]):
        users = rows[column_starts[product] : column_starts[product + 1]]
        for user in users:
            line = inverse[user]
            for other in users:
                out[product] += line[other]
    return out


@njit(cache=True)
def _spread(inverse, indptr, indices, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """out[j, c] = Σ over users a with product j of inverse[a, c]: a column a user, so that the adds are vectors."""
    out[:] = 0.0
    width = out.shape[1]
    for other in range(indptr.shape[0] - 1):
        weights = inverse[other]
        for place in range(indptr[other], indptr[other + 1]):
            line = out[indices[place]]
            for column in range(width):
                line[column] += weights[column]


def regularised_inverse(matrix: csr_matrix, regularization: float) -> NDArray[np.float32]:
    """(XᵀX + regularization I)⁻¹ for X = (matrix > 0), in its lower triangle; the upper one holds rubbish.

    One float32 matrix is all the memory it takes: Gram, Cholesky factor and inverse share it.
    """
    columns = matrix.tocsc()
    gram = np.zeros((matrix.shape[1], matrix.shape[1]), np.float32)
    _gram(matrix.indptr, matrix.indices, columns.indptr, columns.indices, gram)
    gram[np.diag_indices_from(gram)] += np.float32(regularization)
    with one_thread():
        factor, failed = spotrf(gram.T, lower=0, clean=0, overwrite_a=1)
        if failed:
            raise BadInput(f"ease: regularization {regularization:g} is too small for these interactions; raise it.")
        inverse, failed = spotri(factor, lower=0, overwrite_c=1)
    assert not failed, "a Cholesky factor has no zero on its diagonal"
    assert np.shares_memory(inverse, gram), "the inverse must not take a second matrix"
    return gram


def ease_weights(matrix: csr_matrix, regularization: float) -> NDArray[np.float32]:
    """B[products, products], zero diagonal, that minimises ‖X - XB‖² + regularization ‖B‖² for X = (matrix > 0)."""
    weights = regularised_inverse(matrix, regularization)
    _to_weights(weights)
    return weights


class ByProducts:
    """EASE as written: the weights between products, products² numbers. `binary` is users × products of ones."""

    def __init__(self, binary: csr_matrix, regularization: float) -> None:
        self._binary = binary
        self._weights = ease_weights(binary, regularization)

    def rank(self, users: NDArray[np.int64], k: int, seen: csr_matrix | None) -> Slates:
        return rank_dense(self._binary, self._weights, users, k, seen=seen)

    def rank_rows(self, rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
        """Of histories that need not be a training user's: row i of `rows`, without row i of `seen`."""
        return rank_dense(rows, self._weights, np.arange(rows.shape[0], dtype=np.int64), k, seen=seen)


class ByUsers:
    """The same scores from users² numbers, for data with fewer users than products.

    With P = (XᵀX + λI)⁻¹ and K = (XXᵀ + λI)⁻¹, the push-through identity gives XP = KX and Woodbury's gives
    λP = I - XᵀKX. So user u's scores, X_u(I - P / diag P), are X_u - K_u X / diag P, those of any history x are
    x - (x - xXᵀK X) / (λ diag P), and P itself is never made.
    """

    def __init__(self, binary: csr_matrix, regularization: float) -> None:
        self._binary = binary
        self._regularization = np.float32(regularization)
        self._columns = _transposed(binary)
        self._inverse = regularised_inverse(self._columns, regularization)
        _mirror(self._inverse)
        explained = _explained(self._inverse, self._columns.indptr, self._columns.indices)
        self._scale = (regularization / (1.0 - explained)).astype(np.float32)

    def rank(self, users: NDArray[np.int64], k: int, seen: csr_matrix | None) -> Slates:
        selection = Selection(users, k, seen=seen)
        for row in range(0, len(users), _USERS_PER_BLOCK):
            block = users[row : row + _USERS_PER_BLOCK]
            sums = self._spread(np.ascontiguousarray(self._inverse[:, block]))
            rows = np.asarray(self._binary[block].todense(), np.float32)
            selection.offer(rows - np.ascontiguousarray(sums.T) * self._scale, first_row=row)
        return selection.slates()

    def rank_rows(self, rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
        """Of histories that need not be a training user's: row i of `rows`, without row i of `seen`."""
        selection = Selection(np.arange(rows.shape[0], dtype=np.int64), k, seen=seen)
        for row in range(0, rows.shape[0], _USERS_PER_BLOCK):
            block = rows[row : row + _USERS_PER_BLOCK]
            common = np.asarray((block @ self._columns).todense(), np.float32)
            with one_thread():
                sums = self._spread(np.ascontiguousarray((common @ self._inverse).T))
            dense = np.asarray(block.todense(), np.float32)
            left = (dense - np.ascontiguousarray(sums.T)) / self._regularization
            selection.offer(dense - left * self._scale, first_row=row)
        return selection.slates()

    def _spread(self, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        sums = np.empty((self._binary.shape[1], columns.shape[1]), np.float32)
        _spread(columns, self._binary.indptr, self._binary.indices, sums)
        return sums


def _transposed(binary: csr_matrix) -> csr_matrix:
    columns = binary.tocsc()
    return csr_matrix((columns.data, columns.indices, columns.indptr), shape=binary.shape[::-1])


class EASE:
    """A linear item-item model. `regularization` is the L2 weight. A user without history gets no list.

    The inverse is taken over products or over users, whichever are fewer; the scores are the same.
    """

    name = "ease"

    def __init__(self, *, regularization: float = 200.0) -> None:
        self.regularization = regularization
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._model: ByProducts | ByUsers | None = None

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._history = binary_of(interactions.matrix)
        if not self.regularization > 0:
            raise BadInput(f"ease: regularization {self.regularization:g} is not above 0; raise it.")
        side = ByUsers if interactions.users < interactions.products else ByProducts
        self._model = side(self._history, self.regularization)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        assert self._model is not None, "fit comes first"
        users = np.ascontiguousarray(users, np.int64)
        slates = self._model.rank(users, k, self._history if mask_seen else None)
        return without_history(slates, self._history)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        assert self._model is not None, "fit comes first"
        return for_cases(self._model.rank_rows, histories, self._history.shape[1], k, mask_seen=mask_seen)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        """side³ floating-point operations for the inverse, and a row of the other side a pair for the scores."""
        side = min(users, products)
        memory = side * side * 4 + pairs * 24
        return Cost(memory_bytes=memory, cpu_s=side**3 / 80e9 + pairs * side / 2e9 + users * products / 5e9)
