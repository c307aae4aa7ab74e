"""The scenario of the small worlds that several tests share."""

SETS = [
    "users.count=12000", "users.sessions_per_day=1.0", "users.tenants={a=3.0, b=1.0}", "products.count=1500",
    "products.categories=40", "calendar.days=2", "layout.partitions=3", "behaviour.review_per_purchase=0.3",
    "behaviour.vote_per_view=0.1",
]  # fmt: skip
CLEAN = ["transport.late_share=0", "transport.duplicate_share=0"]
DIRTY = [
    "transport.late_share=0.1", "transport.duplicate_share=0.05", "transport.lost_share=0.02",
    "transport.future_share=0.01", "transport.reordered_share=0.2",
]  # fmt: skip
