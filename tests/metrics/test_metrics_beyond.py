"""Metrics beyond accuracy, on lists small enough to check by hand."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.metrics.base import parse
from recsim.metrics.context import Context, Groups
from recsim.metrics.judged import Judged, judge
from recsim.metrics.ledger import ledger_of
from recsim.metrics.scoring import measure

TRAIN = [[1, 1, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0]]


class Known:
    def utility(self, users: np.ndarray, products: np.ndarray) -> np.ndarray:
        return np.where(products < 0, 0.0, products / 10.0)

    def best(self, users: np.ndarray, k: int) -> np.ndarray:
        return np.tile([5, 4, 3, 2][:k], (len(users), 1))


CONTEXT = Context(
    train=csr_matrix(np.array(TRAIN, np.float32)),
    categories=np.array([0, 0, 1, 1, 2, -1]),
    vectors=np.array([[1, 0], [2, 0], [0, 3], [0, 1], [1, 1], [0, 0]], np.float32),
    user_groups={"activity": Groups(("low", "high"), np.array([0, 0, 1, 1]))},
    product_groups={"popularity": Groups(("head", "tail"), np.array([0, 0, 1, 1, 1, 1]))},
    oracle=Known(),
)


def lists() -> Judged:
    """Users 0 to 2 get lists, user 3 none; 5 is cold and the only product user 2 wants."""
    truth = csr_matrix(np.array([[0, 0, 1, 0, 0, 1], [0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [0, 1, 0, 0, 0, 0]]))
    return judge(np.array([0, 1, 2]), np.array([[2, 3, 4], [1, 3, -1], [2, 5, 3]]), truth, context=CONTEXT)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("novelty@2", [2.0, (1 + 2) / 2, 2.0, np.nan]),
        ("arp@2", [0.5, 1.0, 0.5, np.nan]),
        ("tail_share@2", [0.5, 0.5, 0.5, np.nan]),
        ("tail_share:head=0.5@2", [1.0, 1.0, 1.0, np.nan]),
        ("ild_category@3", [2 / 3, 1.0, 2 / 3, np.nan]),
        ("ild_vector@3", [(0 + 2 * (1 - 0.5**0.5)) / 3, 1.0, 2 / 3, np.nan]),
        ("unexpectedness@2", [0.5, 0.5, 0.5, np.nan]),
        ("serendipity@2", [0.0, 0.0, 0.5, 0.0]),
        ("share_of_oracle@2", [5 / 9, 4 / 9, 7 / 9, 0.0]),
        ("regret@2", [0.4, 0.5, 0.2, 0.9]),
    ],
)
def test_a_value_is_what_the_hand_says(name: str, values: list[float]) -> None:
    assert parse(name).per_user(lists()).tolist() == pytest.approx(values, abs=1e-6, nan_ok=True)


def test_calibration_is_the_divergence_of_steck() -> None:
    kl = 0.5 * log2(0.5 / (0.99 * 0.5 + 0.01 * 0.5)) + 0.5 * log2(0.5 / (0.99 * 0.5 + 0.01 * 0.5))
    assert parse("calibration@2").per_user(lists())[1] == pytest.approx(kl)
    none = log2(1 / 0.01)
    assert parse("calibration@2").per_user(lists())[0] == pytest.approx(none)
    assert parse("calibration:alpha=0.1@2").per_user(lists())[0] == pytest.approx(log2(1 / 0.1))


def test_a_whole_run_has_one_value() -> None:
    assert parse("catalogue_coverage@2").of_run(lists()) == 4 / 6
    # 0 and 4 are shown never, 1 and 5 once, 2 and 3 twice: Σ (2i - 7) x_i = 1·-1 + 1·1 + 2·3 + 2·5 = 16, ÷ 6 · 6
    assert parse("gini@2").of_run(lists()) == pytest.approx(16 / 36)
    assert parse("user_gap@2").of_run(lists()) == pytest.approx(0.75 - 0.5)
    assert parse("user_gap:of=hit@1").of_run(lists()) == pytest.approx(1.0)
    assert parse("item_gap@2").of_run(lists()) == pytest.approx(2 / 3 - 1 / 2)


def test_the_values_beside_leave_out_the_unanswered_and_the_cold() -> None:
    found = measure([parse("recall@2"), parse("gini@2")], lists())
    assert found.means[0] == pytest.approx((0.5 + 1 + 1 + 0) / 4)
    assert found.answered[0] == pytest.approx((0.5 + 1 + 1) / 3)
    assert found.warm[0] == pytest.approx((1 + 1 + 0) / 3)
    score = found.scores(np.array([0.1, np.nan]), np.array([0.9, np.nan]))[1]
    assert (score.low, score.high, score.answered, score.users) == (None, None, None, 3)


def test_the_ledger_says_who_was_counted() -> None:
    ledger = ledger_of(lists())
    assert (ledger.users, ledger.answered, ledger.unanswered, ledger.short) == (4, 3, 1, 1)
    assert (ledger.pairs, ledger.cold_pairs, ledger.cold_users) == (5, 2, 1)


def test_what_a_metric_lacks_is_named() -> None:
    bare = judge(np.array([0]), np.array([[1]]), csr_matrix(np.array([[0, 1]])), context=Context(csr_matrix((1, 2))))
    for name, says in [
        ("ild_vector@1", "metric ild_vector@1 needs vectors, which this world lacks"),
        ("user_gap:by=region@1", 'needs user groups "region"; there are: none'),
        ("share_of_oracle@1", "needs oracle"),
    ]:
        with pytest.raises(BadInput, match=says):
            measure([parse(name)], bare)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tail_share:haed=0.5@5", 'unknown option "haed". Did you mean "head"'),
        ("tail_share:head=2@5", "takes a number from 0 to 1, once"),
        ("tail_share:head@5", "takes a number from 0 to 1"),
        ("recall:x=1@5", "It has no options"),
        ("user_gap:of=gini@5", 'a gap needs a metric with a value a user, and "gini" has none'),
        ("user_gap:of=recal@5", 'Did you mean "recall"'),
    ],
)
def test_a_wrong_option_is_explained(name: str, says: str) -> None:
    with pytest.raises(BadInput) as error:
        parse(name)
    assert says in str(error.value)


def test_a_name_with_options_is_printed_as_it_parses() -> None:
    assert str(parse("calibration:alpha=0.10@5")) == "calibration:alpha=0.1@5"
    assert str(parse("calibration:alpha=0.01@5")) == "calibration@5"
    assert parse(str(parse("user_gap:by=region:of=ndcg@5"))) == parse("user_gap:of=ndcg:by=region@5")
