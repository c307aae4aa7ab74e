"""Single formulas on literal inputs."""

from __future__ import annotations

import numpy as np
import pytest

from recsim.demand.components import COMPONENT_DEMANDS, demands
from recsim.demand.constants import Constants
from recsim.demand.edge_cache import egress_usd_per_month
from recsim.demand.load import load_of
from recsim.demand.quantity import round_up
from recsim.demand.sampling import quantile
from recsim.scenario.demand import Capacity
from recsim.scenario.demand_range import Range


def constants(**changed):
    mids = {name: constant.mid for name, constant in Capacity().constants()}
    assert changed.keys() <= mids.keys()
    return Constants({name: np.array(float(figure)) for name, figure in (mids | changed).items()})


def component(name, users=1e7, products=1e5, **changed):
    c = constants(**changed)
    load = load_of(*map(np.array, (users, users * 5, products)), c)
    return COMPONENT_DEMANDS.load(name)(load, c)


@pytest.mark.parametrize(("gigabytes", "usd"), [(10_000, 850), (50_000, 4_050), (150_000, 10_050), (1_024_000, 39_770)])
def test_a_month_of_egress_costs_what_the_tiers_say(gigabytes, usd):
    assert float(egress_usd_per_month(np.array(gigabytes), constants())) == pytest.approx(usd)


def test_egress_beyond_five_petabytes_costs_two_cents():
    bills = [float(egress_usd_per_month(np.array(gb), constants())) for gb in (6e6, 6e6 + 1_000)]
    assert bills[1] - bills[0] == pytest.approx(20)


def test_an_hnsw_vector_of_128_dimensions_and_32_links_takes_784_bytes():
    assert float(component("retrieval", products=1).amount("HNSW index")) == pytest.approx(784.2)


def test_an_ivf_vector_carries_its_share_of_the_centroids():
    assert float(component("retrieval", products=1e5).amount("IVF index")) / 1e5 == pytest.approx(526.5, abs=0.1)


def test_vector_search_meets_both_measured_rates():
    for products, rate in ((1e5, 4_638), (1e6, 1_332)):
        found = component("retrieval", products=products)
        slates_rps = 1e7 * 11.2 / 86_400 * 6
        assert float(found.amount("HNSW vCPU")) == pytest.approx(slates_rps / rate / 0.6 * 1.5)


def test_elastics_rule_counts_threads_over_pools_and_a_spare():
    nodes = component("search_index").amount("data nodes by Elastic's rule")
    assert nodes == (1_944 * 20 // 1_000 + 1) // 25 + 1 + 1


def test_an_index_has_a_primary_even_for_one_document():
    assert component("search_index", users=1, products=1).amount("primary shards") == 2


def test_a_bigger_product_index_costs_core_time_on_every_shard():
    one, many = (component("search_index", products=products) for products in (1e5, 1e7))
    assert many.amount("vCPU") == pytest.approx(4 * one.amount("vCPU"))


def test_a_slower_partition_needs_more_partitions_in_steps_of_six():
    assert component("event_log", partition_bytes_per_s=0.1e6).amount("partitions of the raw topic") == 60


def test_the_load_balancer_says_which_dimension_binds():
    found = component("load_balancer", balancer_bytes_per_request=10).quantities[1]
    assert max(found.bounds, key=lambda name: float(found.bounds[name])) == "new connections"


def test_rules_beyond_the_free_ones_are_counted():
    found = component("load_balancer", balancer_rules=110).quantities[1]
    assert float(found.bounds["rules"]) == pytest.approx(31_111.1 * 100 / 1_000, rel=1e-4)


def test_monthly_users_are_never_more_than_are_registered():
    load = load_of(np.array(1e6), np.array(2e6), np.array(1e4), constants(monthly_per_daily=3))
    assert load.monthly_active == 2e6


def test_no_edge_cache_sends_every_image_request_to_the_origin():
    found = component("object_storage", edge_hit_share=0)
    assert float(found.amount("origin reads, event peak")) == pytest.approx(58_333, rel=1e-4)
    assert found.amount("prefixes") == found.amount("prefixes with a cold edge") == 11


def test_the_bill_is_the_sum_of_the_components():
    found = demands(*map(np.array, (1e7, 5e7, 1e5)), constants())
    costs = [float(q.amount) for name, d in found.items() for q in d.quantities if q.name == "cost"]
    assert float(found["cost"].amount("total")) == pytest.approx(sum(costs))
    assert len(costs) == 14


def test_a_rounding_error_does_not_buy_another_machine():
    assert round_up(np.array(3.0000000001)) == 3
    assert round_up(np.array(3.01)) == 4
    assert round_up(np.array(7.0), 6.0) == 12


@pytest.mark.parametrize("unit", ["x", "share"])
def test_low_and_high_are_the_five_and_ninety_five_percent_quantiles(unit):
    constant = Range(mid=0.2, low=0.1, high=0.6, unit=unit, provenance="assumed", source="test")
    assert quantile(constant, np.array([0.05, 0.95])).tolist() == pytest.approx([0.1, 0.6])
