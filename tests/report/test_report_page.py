"""The HTML page: self-contained, small, the same bytes each time, safe with hostile names."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_documents import CAPACITY, EVALUATE, EVALUATE_MEASURED, REPLAY, REPLAY_MEASURED, MakeRun

from recsim.errors import BadInput
from recsim.report import engine
from recsim.report.engine import MOST_BYTES, write_report

VOID = {"meta", "link", "br", "hr", "img", "input"}
SVG_LEAVES = {"path", "line", "rect", "circle"}


class Outline(HTMLParser):
    """Tags opened, attributes seen, whether every tag is closed in order, and the text outside <style>."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def outline(page: str) -> Outline:
    read = Outline()
    read.feed(page)
    assert read.open == []
    return read


@pytest.fixture
def replay(make_run: MakeRun) -> Path:
    return make_run(REPLAY, REPLAY_MEASURED)


@pytest.fixture
def evaluate(make_run: MakeRun) -> Path:
    return make_run(EVALUATE, EVALUATE_MEASURED)


def test_a_page_is_whole_html_without_script_and_loads_nothing(replay: Path, tmp_path: Path) -> None:
    page = write_report([replay], tmp_path / "page.html").read_text(encoding="utf-8")
    read = outline(page)
    assert not {"script", "link", "img", "iframe", "object", "embed", "use", "image"} & set(read.tags)
    assert [name for name, _ in read.attributes if name.startswith("on") or name == "src"] == []
    assert [value for name, value in read.attributes if name == "href" and not (value or "").startswith("#")] == []
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []
    assert "http://" not in page
    assert "https://" not in page


def test_a_page_of_several_runs_stays_under_its_limit(replay: Path, evaluate: Path, tmp_path: Path) -> None:
    assert write_report([replay, evaluate] * 4, tmp_path / "page.html").stat().st_size < MOST_BYTES


def test_more_runs_than_a_page_holds_are_refused_and_nothing_is_written(
    replay: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MOST_BYTES", 20_000)
    with pytest.raises(BadInput, match="2 runs do not fit one page of 20 KB"):
        write_report([replay, replay], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_the_same_runs_give_the_same_bytes(replay: Path, evaluate: Path, tmp_path: Path) -> None:
    first = write_report([replay, evaluate], tmp_path / "a.html").read_bytes()
    write_report([evaluate], tmp_path / "other.html")
    assert write_report([replay, evaluate], tmp_path / "b.html").read_bytes() == first


def test_ids_are_unique_on_a_page_and_every_reference_has_its_target(replay: Path, tmp_path: Path) -> None:
    page = write_report([replay, replay], tmp_path / "page.html").read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', page)) <= set(ids)


def test_a_hostile_name_is_shown_as_text(make_run: MakeRun, tmp_path: Path) -> None:
    hostile = {
        **REPLAY,
        "world": "<b>bold</b>",
        "invariants": [{"name": "<script>alert(1)</script>", "holds": False, "detail": '"><img src=x>'}],
        "quality": [{**REPLAY["quality"][0], "surface": "<i>home</i>", "metric": 'recall@20" onload="x'}],
    }
    measured = {"latency": [{**REPLAY_MEASURED["latency"][0], "component": "</svg><script>x</script>"}]}
    page = write_report([make_run(hostile, measured)], tmp_path / "page.html").read_text(encoding="utf-8")
    read = outline(page)
    assert not {"b", "script", "img", "i"} & set(read.tags)
    assert "onload" not in [name for name, _ in read.attributes]
    assert "<b>bold</b>" in read.text


def test_dark_mode_recolours_page_and_charts(replay: Path, tmp_path: Path) -> None:
    page = write_report([replay], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "prefers-color-scheme:dark" in page
    charts = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert re.findall(r'(?:fill|stroke)="(?!var\(--|none|currentColor)([^"]*)"', charts) == []
    assert set(re.findall(r"var\((--\w+)\)", page)) <= set(re.findall(r"(--\w+):", page))


def test_the_answer_comes_before_the_first_chart(replay: Path, tmp_path: Path) -> None:
    page = write_report([replay], tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.index("what users chose next") < page.index("<svg")
    assert page.index("7.20 ms") < page.index("<svg")


def test_a_replay_page_holds_its_key_figures(replay: Path, tmp_path: Path) -> None:
    text = outline(write_report([replay], tmp_path / "page.html").read_text(encoding="utf-8")).text
    for figure in (
        ".1230",
        "[.1130, .1330]",
        "7.20",
        "2.35M",
        "every event accounted for",
        "gateway",
        "990",
        "measured",
    ):
        assert figure in text, figure


def test_an_evaluate_page_holds_its_key_figures(evaluate: Path, tmp_path: Path) -> None:
    text = outline(write_report([evaluate], tmp_path / "page.html").read_text(encoding="utf-8")).text
    for figure in (".1765 [.1741, .1789]", ".1570", ".0416", "ndcg@20", "29,858", "810,128"):
        assert figure in text, figure


def test_a_capacity_page_holds_its_key_figures(make_run: MakeRun, tmp_path: Path) -> None:
    text = outline(write_report([make_run(CAPACITY)], tmp_path / "page.html").read_text(encoding="utf-8")).text
    for figure in (
        "$981K",
        "[$490K, $1.96M]",
        "31.1K",
        "2.03 GB",
        "per s",
        "25×",
        "1,000×",
        "1 of 2",
        "+38 %",
        "−29 %",
    ):
        assert figure in text, figure
    for name in ("vendor", "modelled", "app_cpu_ms", "event log", "incomplete", "100K products ~ 1 TB"):
        assert (name in text) == (name != "incomplete"), name


def test_a_plan_without_design_audit_or_replay_is_reported_without_them(make_run: MakeRun, tmp_path: Path) -> None:
    bare = {key: CAPACITY[key] for key in ("verb", "daily_active", "products", "estimates")}
    text = outline(write_report([make_run(bare)], tmp_path / "page.html").read_text(encoding="utf-8")).text
    assert "no design was held against it" in text
    assert "line by line" not in text
    assert "measured inputs" not in text


def test_a_long_log_is_told_by_week(make_run: MakeRun, tmp_path: Path) -> None:
    rest = {"surface": "all", "metric": "recall@20", "low": 0.0, "high": 0.2, "users": 5}
    quality = [{**rest, "day": f"2025-01-{day:02d}", "value": 0.1, "requests": day} for day in range(1, 29)]
    page = write_report([make_run({**REPLAY, "quality": quality})], tmp_path / "page.html").read_text(encoding="utf-8")
    text = outline(page).text
    assert "Quality by week" in text
    assert "week of 2025-01-22" in text
    assert "week of 2025-01-29" not in text


def test_a_table_longer_than_a_page_allows_says_how_many_rows_are_left_out(make_run: MakeRun, tmp_path: Path) -> None:
    models = [{"version": f"v{number:04d}", "users": number} for number in range(450)]
    text = outline(write_report([make_run({**REPLAY, "models": models})], tmp_path / "page.html").read_text()).text
    assert "50 more rows are in results.json" in text
    assert "v0399" in text
    assert "v0400" not in text


def test_a_world_page_holds_rows_facts_and_funnel(make_run: MakeRun, tmp_path: Path) -> None:
    facts = {
        "users": 2000,
        "products": 500,
        "events": 61_234,
        "events_by_type": {"view_product": 50_000, "purchase": 420},
    }
    world = make_run(None, verb="generate", kind="world", name="smoke", facts=facts)
    text = outline(write_report([world], tmp_path / "page.html").read_text(encoding="utf-8")).text
    for figure in ("61,234", "50,000", "0.84 %", "without truth tables"):
        assert figure in text, figure


def test_a_run_without_its_measured_file_is_reported_all_the_same(make_run: MakeRun, tmp_path: Path) -> None:
    text = outline(write_report([make_run(REPLAY)], tmp_path / "page.html").read_text(encoding="utf-8")).text
    assert "no latency was measured" in text


@pytest.mark.parametrize("verb", ["replay", "evaluate", "capacity-plan"])
def test_a_run_with_empty_results_is_reported_without_a_crash(make_run: MakeRun, tmp_path: Path, verb: str) -> None:
    page = write_report([make_run({}, verb=verb)], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Manifest" in outline(page).text


def test_a_run_without_results_is_bad_input(make_run: MakeRun, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no results\.json"):
        write_report([make_run(None, verb="replay")], tmp_path / "page.html")


def test_a_run_of_an_unknown_verb_is_bad_input(make_run: MakeRun, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r'"replays", which has no report\. Did you mean "replay"'):
        write_report([make_run({}, verb="replays")], tmp_path / "page.html")


def test_a_directory_that_is_no_run_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no manifest\.json"):
        write_report([tmp_path], tmp_path / "page.html")


def test_results_that_are_not_json_are_bad_input(replay: Path, tmp_path: Path) -> None:
    (replay / "results.json").write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match=r"results\.json can't be read"):
        write_report([replay], tmp_path / "page.html")


def test_no_run_at_all_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="needs at least one run"):
        write_report([], tmp_path / "page.html")


def test_a_page_that_cannot_be_written_is_bad_input(replay: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="can't be written"):
        write_report([replay], tmp_path / "file" / "page.html")
