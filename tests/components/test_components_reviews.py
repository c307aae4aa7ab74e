"""Reviews: durable before they are acknowledged, searchable soon, ranked by helpfulness."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from components.review_desk import NOW_US, Desk
from PIL import Image

from recsim.components.base import Refused
from recsim.components.checkout import EVENTS
from recsim.components.helpfulness import helpfulness, review_quality, wilson
from recsim.units import US_PER_DAY


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 3)).save(out, "JPEG")
    return out.getvalue()


def test_a_review_with_a_picture_is_kept_indexed_and_logged(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    answer = desk.ask("/v1/review/submit", product_id="prod1", stars=5, text="Sturdy zipper.", media=[picture()])
    assert answer.status == 201
    path = answer.body["media"][0]
    assert desk.media.get(path) == picture()
    assert desk.reviews.publish(desk.trace()) == 1
    assert desk.index.texts == {("t", answer.body["review_id"]): "Sturdy zipper."}
    event = orjson.loads(desk.log.fetch(EVENTS, "test", 10)[0].record.value)
    assert (event["event_type"], event["product_id"], event["user_id"]) == ("submit_review", "prod1", "user1")
    assert desk.reviews.publish(desk.trace()) == 0
    listed = desk.ask("/v1/review/list", product_id="prod1").body["reviews"]
    assert [(row["review"], row["rating"], row["verified"], row["media"]) for row in listed] == [
        ("Sturdy zipper.", "5/5", True, [path])
    ]


def test_the_same_submission_again_is_the_same_review_and_anothers_id_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first = desk.ask("/v1/review/submit", product_id="prod1", stars=4, text="Fine.", review_id="r1")
    again = desk.ask("/v1/review/submit", product_id="prod1", stars=4, text="Fine.", review_id="r1")
    assert (first.status, again.status, again.body["review_id"]) == (201, 200, "r1")
    with pytest.raises(Refused, match="review-exists"):
        desk.ask("/v1/review/submit", user="user2", product_id="prod1", stars=1, text="Mine!", review_id="r1")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"product_id": "nothing", "stars": 3}, "bad-product"),
        ({"product_id": "prod1", "stars": 0}, "bad-stars"),
        ({"product_id": "prod1", "stars": 4.5}, "bad-stars"),
        ({"product_id": "prod1", "stars": True}, "bad-stars"),
        ({"product_id": "prod1", "stars": 3, "text": "x" * 10_001}, "bad-text"),
        ({"product_id": "prod1", "stars": 3, "text": 7}, "bad-text"),
        ({"product_id": "prod1", "stars": 3, "media": ["/etc/passwd"]}, "bad-media"),
        ({"product_id": "prod1", "stars": 3, "media": [b"x"] * 9}, "too-many-media"),
        ({"product_id": "prod1", "stars": 3, "media": [b"#!/bin/sh"]}, "media-type"),
    ],
)
def test_a_bad_submission_is_refused_and_leaves_nothing(tmp_path: Path, arguments: dict[str, Any], reason: str) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(Refused, match=reason):
        desk.ask("/v1/review/submit", **arguments)
    assert desk.reviews.publish(desk.trace()) == 0
    assert not list((tmp_path / "media").iterdir())


def test_no_file_is_kept_when_one_of_them_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(Refused, match="media-type"):
        desk.ask("/v1/review/submit", product_id="prod1", stars=3, media=[picture(), b"MZ"])
    assert not list((tmp_path / "media").iterdir())


def test_comments_are_listed_under_their_review(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.ask("/v1/review/submit", product_id="prod1", stars=5, text="Good.", review_id="r1")
    desk.ask("/v1/review/comment", user="user2", review_id="r1", text="Which size?")
    assert desk.ask("/v1/review/list", product_id="prod1").body["reviews"][0]["comments"] == ["Which size?"]
    with pytest.raises(Refused, match="no-review"):
        desk.ask("/v1/review/comment", review_id="r9", text="?")
    with pytest.raises(Refused, match="bad-text"):
        desk.ask("/v1/review/comment", review_id="r1", text="")


def test_moderation_keeps_a_review_from_index_and_list(tmp_path: Path) -> None:
    desk = Desk(tmp_path, allowed=lambda _, review: "spam" not in review.text)
    desk.ask("/v1/review/submit", product_id="prod1", stars=5, text="spam", review_id="r1")
    desk.ask("/v1/review/submit", product_id="prod1", stars=4, text="honest", review_id="r2")
    desk.reviews.publish(desk.trace())
    assert desk.index.texts == {("t", "r2"): "honest"}
    assert [row["review_id"] for row in desk.ask("/v1/review/list", product_id="prod1").body["reviews"]] == ["r2"]


def test_a_tenant_sees_no_review_of_another(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.ask("/v1/review/submit", product_id="prod1", stars=5, text="ours", review_id="r1")
    assert desk.ask("/v1/review/list", tenant="other", product_id="prod1").body == {"reviews": []}
    with pytest.raises(Refused, match="no-review"):
        desk.ask("/v1/review/comment", tenant="other", review_id="r1", text="hello")
    with pytest.raises(Refused, match="no-review"):
        desk.ask("/v1/vote", tenant="other", review_id="r1", direction="up")


KILLED = """
import os, signal, sys
from pathlib import Path
from components.review_desk import Desk
desk = Desk(Path(sys.argv[1]))
answer = desk.ask("/v1/review/submit", product_id="prod1", stars=5, text="still here", review_id="r1")
assert answer.status == 201
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_review_acknowledged_before_a_kill_is_there_and_becomes_searchable(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2])])
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], check=False, env={**os.environ, "PYTHONPATH": path}
    )
    assert ended.returncode == -signal.SIGKILL
    desk = Desk(tmp_path)
    assert desk.reviews.publish(desk.trace()) == 1
    assert desk.index.texts == {("t", "r1"): "still here"}


def test_the_wilson_bound_is_the_published_one() -> None:
    assert wilson(np.array([0.0, 10.0, 100.0, 1.0]), np.array([0.0, 0.0, 50.0, 0.0])) == pytest.approx(
        [0.0, 0.72247, 0.58795, 0.20655], abs=1e-4
    )


def test_more_votes_of_the_same_share_rank_higher_and_age_ranks_lower() -> None:
    now = np.int64(NOW_US)
    fresh = np.full(4, now)
    few, many, bad, none = helpfulness(np.array([3, 30, 5, 0]), np.array([1, 10, 15, 0]), fresh, now_us=NOW_US)
    assert many > few > none > bad
    old = helpfulness(np.array([3]), np.array([1]), np.array([now - 365 * US_PER_DAY]), now_us=NOW_US)
    assert old[0] == pytest.approx(few / 2)


def test_votes_move_the_quality_that_the_ranker_sees() -> None:
    stars, products = np.array([5.0, 1.0, 5.0, 1.0]), np.array([0, 0, 1, 1])
    praised = review_quality(products, stars, np.array([40, 0, 0, 40]), np.array([0, 40, 40, 0]), count=3)
    assert praised.tolist() == pytest.approx([0.7244, 0.2756, 0.5], abs=1e-4)
    unvoted = review_quality(products, stars, np.zeros(4, np.int64), np.zeros(4, np.int64), count=3)
    assert unvoted.tolist() == pytest.approx([0.5, 0.5, 0.5])
