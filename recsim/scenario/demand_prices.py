"""The price catalogue: list prices in US dollars, us-east-1.

Servers and database servers are three-year reserved, cache nodes and Spark on demand. A price marked assumed was not
checked against its price page.
"""

from __future__ import annotations

from recsim.scenario.demand_range import Range, fixed
from recsim.scenario.section import Section
from recsim.units import HOURS_PER_YEAR

CATALOGUE = "Netflix service-capacity-modeling dc69307, AWS three-year reserved catalogue, us-east-1"
CLOUDFRONT = "Amazon CloudFront pricing page, United States and Europe"
ELB = "Elastic Load Balancing pricing page, us-east-1"


class PriceConstants(Section):
    """Dollars."""

    vcpu_usd: Range = fixed(
        697.33 / 4, "USD/vCPU-year", "vendor", f"{CATALOGUE}: m7i.xlarge", meaning="a core of a general machine"
    )
    spark_vcpu_hour_usd: Range = fixed(
        0.063,
        "USD/vCPU-hour",
        "assumed",
        "m7i.xlarge on demand and the EMR fee, about; check your own",
        meaning="a core-hour of Spark",
    )
    redis_node_usd: Range = fixed(
        0.3496 * HOURS_PER_YEAR,
        "USD/year",
        "assumed",
        "ElastiCache for Valkey, cache.r7g.xlarge on demand, about; check your own",
        meaning="a node",
    )
    broker_usd: Range = fixed(2 * 697.33, "USD/year", "vendor", f"{CATALOGUE}: m7i.2xlarge", meaning="a log broker")
    mongo_node_usd: Range = fixed(
        3_660.33, "USD/year", "vendor", f"{CATALOGUE}: r7i.4xlarge", meaning="a member, 128 GB"
    )
    postgres_unit_usd: Range = fixed(
        2_566.33, "USD/year", "vendor", f"{CATALOGUE}: db.r7g.xlarge", meaning="32 GB and 4 vCPU of a database server"
    )
    postgres_unit_bytes: Range = fixed(32e9, "B", "vendor", "db.r7g.xlarge", meaning="memory such a unit adds")
    disk_gib_usd: Range = fixed(0.96, "USD/GiB-year", "vendor", f"{CATALOGUE}: gp3", meaning="block storage")
    database_gib_usd: Range = fixed(1.2, "USD/GiB-year", "vendor", f"{CATALOGUE}: gp2", meaning="database storage")
    object_gib_usd: Range = fixed(
        0.252, "USD/GiB-year", "vendor", f"{CATALOGUE}: blob.standard", meaning="object storage"
    )
    search_master_cores: Range = fixed(12, "vCPU", "assumed", "three masters of four cores", meaning="cluster masters")
    lcu_hour_usd: Range = fixed(0.008, "USD/LCU-hour", "vendor", ELB, meaning="a load-balancer capacity unit")
    balancer_hour_usd: Range = fixed(0.0225, "USD/hour", "vendor", ELB, meaning="a load balancer")
    edge_10k_requests_usd: Range = fixed(0.01, "USD/10K requests", "vendor", CLOUDFRONT, meaning="HTTPS requests")
    edge_gb_to_10tb_usd: Range = fixed(0.085, "USD/GB", "vendor", CLOUDFRONT, meaning="the first 10 TB of a month")
    edge_gb_to_50tb_usd: Range = fixed(0.08, "USD/GB", "vendor", CLOUDFRONT, meaning="the next 40 TB")
    edge_gb_to_150tb_usd: Range = fixed(0.06, "USD/GB", "vendor", CLOUDFRONT, meaning="the next 100 TB")
    edge_gb_to_500tb_usd: Range = fixed(0.04, "USD/GB", "vendor", CLOUDFRONT, meaning="the next 350 TB")
    edge_gb_to_1024tb_usd: Range = fixed(0.03, "USD/GB", "vendor", CLOUDFRONT, meaning="the next 524 TB")
    edge_gb_to_5024tb_usd: Range = fixed(0.025, "USD/GB", "vendor", CLOUDFRONT, meaning="the next 4 PB")
    edge_gb_beyond_usd: Range = fixed(0.02, "USD/GB", "vendor", CLOUDFRONT, meaning="over 5 PB")
