"""Laws that hold for every registered component."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsim.demand.components import COMPONENT_DEMANDS, demands
from recsim.demand.constants import Constants
from recsim.demand.lineage import inputs_of
from recsim.demand.sampling import draw, quantile
from recsim.scenario.demand import Capacity

CAPACITY = Capacity()
NAMES = [name for name, _ in CAPACITY.constants()]
MIDS = {name: np.array(constant.mid) for name, constant in CAPACITY.constants()}
MONTH_AND_RATE_OF_BYTES = ("B", "B/s", "B/month", "bit/s")


def at(users, products, constants=MIDS):
    found = demands(np.array(users), np.array(users * 5.0), np.array(products), Constants(constants))
    return {(name, q.name): (float(q.amount), q.unit) for name, demand in found.items() for q in demand.quantities}


def some_constants(seed):
    draws = np.random.default_rng(seed).uniform(0.05, 0.95, len(NAMES))
    return {
        name: np.array(constant.mid) if constant.fixed else quantile(constant, np.array(p))
        for (name, constant), p in zip(CAPACITY.constants(), draws, strict=True)
    }


@settings(max_examples=60, deadline=None)
@given(st.floats(1e2, 1e9), st.floats(1.0, 100.0), st.integers(0, 2**32 - 1))
def test_more_users_never_need_less_of_anything(users, factor, seed):
    constants = some_constants(seed)
    few, many = at(users, 1e5, constants), at(users * factor, 1e5, constants)
    assert all(many[key][0] >= few[key][0] * (1 - 1e-9) for key in few)


@settings(max_examples=40, deadline=None)
@given(st.floats(1e3, 1e8), st.floats(1.0, 100.0))
def test_more_products_never_need_less_of_anything(products, factor):
    few, many = at(1e7, products), at(1e7, products * factor)
    assert all(many[key][0] >= few[key][0] * (1 - 1e-9) for key in few)


@settings(max_examples=40, deadline=None)
@given(st.floats(1e6, 1e8), st.floats(1e5, 1e7), st.integers(0, 2**32 - 1))
def test_ten_times_everything_has_ten_times_the_bytes(users, products, seed):
    constants = some_constants(seed)
    one, ten = at(users, products, constants), at(10 * users, 10 * products, constants)
    for key, (figure, unit) in one.items():
        if unit in MONTH_AND_RATE_OF_BYTES:
            assert ten[key][0] == pytest.approx(10 * figure, rel=0.1), key


def test_every_registered_component_answers_under_its_own_name():
    for name in COMPONENT_DEMANDS.names():
        assert COMPONENT_DEMANDS.load(name).__module__ == f"recsim.demand.{name}"
    assert set(demands(*map(np.array, (1e6, 5e6, 1e4)), Constants(MIDS))) == {*COMPONENT_DEMANDS.names(), "cost"}


def test_at_least_sixty_quantities_are_computed_and_named_once():
    found = demands(*map(np.array, (1e6, 5e6, 1e4)), Constants(MIDS))
    names = [(name, quantity.name) for name, demand in found.items() for quantity in demand.quantities]
    assert len(names) == len(set(names)) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_moves_only_figures_that_list_it_as_an_input(name):
    behind = inputs_of(CAPACITY)
    other = np.minimum(MIDS[name] * 1.7, 0.999) if getattr(CAPACITY, name).unit == "share" else MIDS[name] * 1.7
    before, after = at(1e7, 1e5), at(1e7, 1e5, {**MIDS, name: other})
    moved = {key for key in before if after[key] != before[key]}
    assert moved <= {key for key, inputs in behind.items() if name in inputs}


def test_every_constant_is_an_input_of_some_figure():
    used = frozenset().union(*inputs_of(CAPACITY).values())
    assert used == set(NAMES)


def test_samples_have_exactly_the_quantiles_of_their_constants():
    trials = draw(CAPACITY, seed=1)
    for name in trials.moved:
        constant = getattr(CAPACITY, name)
        low, high = np.quantile(trials.sampled(getattr(trials.constants, name)), [0.05, 0.95])
        assert (low, high) == pytest.approx((constant.low, constant.high), rel=2e-3), name


def test_sampled_shares_stay_between_zero_and_one():
    trials = draw(CAPACITY, seed=2)
    for name in trials.moved:
        if getattr(CAPACITY, name).unit == "share":
            values = getattr(trials.constants, name)
            assert 0 < values.min() <= values.max() < 1


def test_the_samples_of_a_constant_do_not_depend_on_the_others():
    fewer = Capacity.model_validate({"zones": 4, "pages_per_session": {"low": 8, "high": 8}})
    one, other = draw(CAPACITY, seed=3), draw(fewer, seed=3)
    assert np.array_equal(one.sampled(one.constants.event_day), other.sampled(other.constants.event_day))


def test_constants_are_sampled_independently():
    trials = draw(CAPACITY, seed=4)
    matrix = np.corrcoef([trials.sampled(getattr(trials.constants, name)) for name in trials.moved])
    off_diagonal = np.abs(matrix - np.eye(len(matrix)))
    assert off_diagonal.max() < 0.08
    assert off_diagonal.mean() < 0.02


def test_another_seed_draws_another_order_of_the_same_figures():
    one, other = draw(CAPACITY, seed=1), draw(CAPACITY, seed=2)
    first, second = (trials.sampled(trials.constants.event_day) for trials in (one, other))
    assert not np.array_equal(first, second)
    assert np.allclose(np.sort(first), np.sort(second))


def test_the_first_trial_is_the_plan_and_the_last_move_one_constant_each():
    trials = draw(CAPACITY, seed=1)
    pages = trials.constants.pages_per_session
    assert pages[0] == 8
    moves = trials.moves(pages)
    own = trials.moved.index("pages_per_session")
    assert moves[own].tolist() == [5, 12]
    assert set(np.delete(moves, own, axis=0).ravel()) == {8}


def test_an_unknown_constant_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no constant pages_per_sesion"):
        _ = Constants(MIDS).pages_per_sesion
