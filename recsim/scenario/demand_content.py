"""Constants of the content: documents, pictures, videos, and what the edge cache saves."""

from __future__ import annotations

from recsim.scenario.demand_range import Range, constant, fixed
from recsim.scenario.section import Section

JUDGED = "assumption"
DESIGN = "the design's own assumption"


class ContentConstants(Section):
    """Products, reviews, media."""

    product_document_bytes: Range = constant(
        10_000,
        3_000,
        15_000,
        "B",
        "assumed",
        "the design; Amazon Reviews 2023 metadata: 30.78 G tokens / 48.19 M products, about 3 KB",
        meaning="one product document",
    )
    review_document_bytes: Range = constant(
        1_000,
        500,
        2_000,
        "B",
        "assumed",
        "Amazon Reviews 2023: 30.14 G tokens / 571.54 M reviews, about 260 B, and the other fields",
        meaning="one review document",
    )
    profile_bytes: Range = constant(1_000, 500, 2_000, "B", "assumed", JUDGED, meaning="profile of a monthly user")
    images_per_product: Range = constant(
        10, 5, 20, "images/product", "assumed", f"{DESIGN}: 5 to 20", meaning="catalogue images"
    )
    videos_per_product: Range = constant(
        3, 2, 5, "videos/product", "assumed", f"{DESIGN}: 2 to 5", meaning="review videos of a product"
    )
    images_per_review: Range = constant(0.16, 0.05, 0.4, "images/review", "assumed", JUDGED, meaning="review images")
    image_stored_bytes: Range = constant(
        700_000, 300_000, 1_500_000, "B", "assumed", JUDGED, meaning="an original image and its renditions"
    )
    video_stored_bytes: Range = constant(
        30_000_000, 10_000_000, 80_000_000, "B", "assumed", JUDGED, meaning="a video and its renditions"
    )
    image_bytes_per_page: Range = constant(
        400_000,
        200_000,
        900_000,
        "B",
        "assumed",
        "HTTP Archive 2024: median home page 1,054 KB of images; resized and in WebP",
        meaning="image bytes of a page with every cache cold",
    )
    images_per_page: Range = constant(15, 8, 30, "images/page", "assumed", JUDGED, meaning="images a page shows")
    page_bytes: Range = constant(
        100_000, 50_000, 250_000, "B", "assumed", JUDGED, meaning="the rest of a page: script, style, data"
    )
    video_play_share: Range = constant(
        0.05, 0.02, 0.1, "share", "assumed", JUDGED, meaning="product pages on which a video is played"
    )
    video_play_bytes: Range = constant(
        2_500_000, 1_000_000, 6_000_000, "B", "assumed", JUDGED, meaning="bytes of one play, mostly abandoned early"
    )
    browser_hit_share: Range = constant(
        0.5,
        0.35,
        0.655,
        "share",
        "assumed",
        "Huang et al., SOSP 2013: browsers answer 65.5 % of Facebook's photo requests",
        meaning="image requests the browser cache answers",
    )
    edge_hit_share: Range = constant(
        0.92,
        0.85,
        0.97,
        "share",
        "assumed",
        "Huang et al., SOSP 2013: 58 % of user photos at the edge; a catalogue is smaller and hotter",
        meaning="image requests that reach the edge and are answered there",
    )
    origin_rps_per_prefix: Range = fixed(
        5_500, "GET/s", "vendor", "Amazon S3 user guide, request rate of a partitioned prefix", meaning="prefix limit"
    )
    lake_days: Range = constant(395, 390, 400, "days", "assumed", "13 months", meaning="days kept in the lake")
    lake_compression: Range = constant(
        5,
        3,
        10,
        "x",
        "assumed",
        "assumption; Parquet with zstd",
        meaning="raw event bytes over their bytes in the lake",
    )
    storage_fill_share: Range = fixed(0.6, "share", "assumed", JUDGED, meaning="share of a disk planned to be used")
