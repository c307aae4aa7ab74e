"""Reviews: their words agree with their stars, votes with their helpfulness, media with their counts."""

import polars as pl
import pytest

from recsim.behaviour.aspects import ASPECTS, BAD, GOOD, MIXED
from recsim.dataset import Dataset


@pytest.fixture(scope="module")
def reviews(clean: Dataset) -> pl.DataFrame:
    return clean.frame("reviews").join(clean.frame("truth/reviews"), on="review_id")


def said(text: str, forms: tuple[str, ...], aspects: tuple[str, ...]) -> set[str]:
    """The aspects of which a text says one of these sentences."""
    return {aspect for aspect in aspects for form in forms if form.format(aspect=aspect) in text}


def test_the_truth_of_a_review_is_what_its_text_says(clean: Dataset, reviews: pl.DataFrame) -> None:
    departments = clean.frame("products").select("product_id", department=pl.col("category").list.first())
    for row in reviews.join(departments, on="product_id").head(200).iter_rows(named=True):
        aspects = ASPECTS[row["department"]]
        assert said(row["text"], GOOD, aspects) == set(row["praised"])
        assert said(row["text"], BAD, aspects) == set(row["criticised"])
        assert not set(row["praised"]) & set(row["criticised"])
        assert not said(row["text"], MIXED, aspects) & (set(row["praised"]) | set(row["criticised"]))


def test_the_better_the_stars_the_more_is_praised(reviews: pl.DataFrame) -> None:
    by_stars = reviews.group_by("stars").agg(
        praised=pl.col("praised").list.len().sum()
        / (pl.col("praised").list.len() + pl.col("criticised").list.len()).sum()
    )
    shares = by_stars.sort("stars")["praised"].to_list()
    assert shares == sorted(shares)
    assert shares[0] < 0.15
    assert shares[-1] > 0.9


@pytest.mark.stat
def test_lengths_are_lognormal_about_the_median(reviews: pl.DataFrame) -> None:
    words = reviews["text"].str.split(" ").list.len()
    assert words.median() == pytest.approx(57, rel=0.08)
    assert words.quantile(0.9) == pytest.approx(140, rel=0.1)


@pytest.mark.stat
def test_three_quarters_have_no_helpful_vote_and_one_star_reviews_have_more(reviews: pl.DataFrame) -> None:
    old = reviews.filter(pl.col("up_votes").is_not_null())
    assert (old["up_votes"] == 0).mean() == pytest.approx(0.75, abs=0.03)
    capped = old.with_columns(pl.col("up_votes").clip(0, 50))
    one, rest = (capped.filter((pl.col("stars") == 1) == single)["up_votes"].mean() for single in (True, False))
    assert one / rest == pytest.approx(2.5, rel=0.45)


@pytest.mark.stat
def test_votes_in_the_world_follow_helpfulness(clean: Dataset, reviews: pl.DataFrame) -> None:
    votes = clean.frame("votes").join(reviews, on="review_id")
    assert len(votes) > 5_000
    up = (votes["direction"] > 0).cast(pl.Float64)
    assert up.mean() == pytest.approx(votes["helpfulness"].mean(), abs=0.02)
    low, high = (votes.filter((pl.col("helpfulness") > 0.7) == above)["direction"].mean() for above in (False, True))
    assert high > low + 0.2
    old = reviews.filter(pl.col("up_votes").is_not_null())
    share = (votes["stars"] == 1).mean() / (old["stars"] == 1).mean()
    assert 1.4 < share < 3.0


def test_new_reviews_get_votes_from_others_after_they_were_written(clean: Dataset, reviews: pl.DataFrame) -> None:
    new = reviews.filter(pl.col("up_votes").is_null())
    votes = clean.frame("votes").join(new, on="review_id", suffix="_review")
    assert len(votes) > 50
    assert (votes["event_timestamp"] >= votes["event_timestamp_review"]).all()
    assert (votes["user_id"] != votes["user_id_review"]).all()


def test_media_are_counted_in_the_review_and_make_sense(clean: Dataset, reviews: pl.DataFrame) -> None:
    media = clean.frame("media")
    video = media["content_type"].cast(pl.String) == "video/mp4"
    counted = media.group_by("review_id").agg(n=pl.len())
    joined = reviews.join(counted, on="review_id", how="left")
    assert (joined["n"].fill_null(0) == joined["image_count"] + joined["video_count"]).all()
    assert media["duration_s"].is_not_null().eq(video).all()
    assert media["size_bytes"].min() > 10_000
    assert (reviews["image_count"] > 0).mean() == pytest.approx(0.15, abs=0.02)
