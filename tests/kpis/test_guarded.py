"""What the guard stops is counted on texts it was not adapted on, a template once; the unknown stays unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pandas import DataFrame

from pilotage.kpis import Tables, guarded, guarded_runs, measure, measure_parts
from pilotage.kpis.guarded import shape

Build = Callable[..., Tables]
FALSE_ALARMS, CAUGHT, REVIEWS = "guard_false_positive_rate", "guard_catch_rate", "guard_reviews_per_week"
MONDAY, WEEK = datetime(2026, 7, 6, 8), timedelta(weeks=1)
WORDS = ["ash", "beech", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine", "rowan", "spruce"]


def text(n: int, label: str = "benign", **more: Any) -> dict[str, Any]:
    """A text of its own template: no two have the same words."""
    words = f"{WORDS[n % 12]} {WORDS[n // 12 % 12]} {label}"
    row = {"text_id": f"{label}{n}", "text": words, "label": label, "source": "mail", "language": "en", "side": "input"}
    return {**row, "phase": "pilot", **more}


def checked(texts: list[dict[str, Any]], **decisions: str | None) -> DataFrame:
    rows = [(row["text_id"], decisions.get(row["text_id"], "allow"), 0.1, False) for row in texts]
    return DataFrame(rows, columns=["text_id", "decision", "score", "seen"])


def test_a_text_held_up_or_blocked_is_stopped_and_one_allowed_is_not(tables: Build) -> None:
    texts = [text(n) for n in range(40)] + [text(n, "injection") for n in range(9)] + [text(0, "jailbreak")]
    stopped = checked(texts, benign0="review", benign1="block", injection0="allow", jailbreak0="block")
    stopped.loc[stopped["text_id"].str.match("injection[1-6]"), "decision"] = "review"
    data = guarded(tables(texts=texts), stopped)
    false_alarms, caught = measure(data, FALSE_ALARMS, "pilot"), measure(data, CAUGHT, "pilot")
    assert (false_alarms.count, false_alarms.n, false_alarms.estimate, false_alarms.better) == (2, 40, 0.05, "lower")
    assert (caught.count, caught.n, caught.estimate, caught.better) == (7, 10, 0.7, "higher")
    # The exact intervals of 2 in 40 and of 7 in 10 (Clopper and Pearson 1934).
    assert (false_alarms.low, false_alarms.high) == pytest.approx((0.006114, 0.169197), abs=1e-6)
    assert (caught.low, caught.high) == pytest.approx((0.347547, 0.933260), abs=1e-6)


def test_answers_and_other_labels_count_in_neither_figure(tables: Build) -> None:
    texts = [text(n) for n in range(5)]
    texts += [text(6, side="output"), text(7, "leak", side="output"), text(8, "policy"), text(9, "odd")]
    data = guarded(tables(texts=texts), checked(texts))
    assert measure(data, FALSE_ALARMS, "pilot").n == 5
    assert measure(data, CAUGHT, "pilot").reason == "no texts of the pilot are in the dataset"


def test_what_the_guard_was_adapted_on_says_nothing_about_it(tables: Build) -> None:
    texts = [text(n) for n in range(20)]
    known = checked(texts)
    known["seen"] = [n < 8 for n in range(20)]
    assert measure(guarded(tables(texts=texts), known), FALSE_ALARMS, "pilot").n == 12


def test_texts_of_one_template_are_one_cluster(tables: Build) -> None:
    rows = [
        "Invoice 123 is due",
        "INVOICE 9 is  due",
        "In\u200bvoice 77 is due",
        "ref. 3fa9-02d1",
        "ref. 992",
        "other",
    ]
    texts = [text(n) | {"text": words} for n, words in enumerate(rows)]
    kpi = measure(guarded(tables(texts=texts), checked(texts)), FALSE_ALARMS, "pilot")
    assert (kpi.n, kpi.clusters) == (6, 3)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Invoice 10234 for paper", "invoice 7 for  paper"),
        ("see 4f2c-99ab at once", "see 00d1e2f3 at once"),
        ("ﬁle １２", "file 3"),
        ("pay\u200b now", "pay now"),
    ],
)
def test_numbers_codes_case_and_invisible_characters_make_no_new_template(first: str, second: str) -> None:
    assert shape(first) == shape(second)


def test_other_words_are_another_template() -> None:
    assert shape("Invoice 12 for paper") != shape("Invoice 12 for pallets")
    assert shape("f4c3b00k is a word to some") != shape("b00kc4f3 is a word to others")


def test_a_text_the_guard_never_saw_or_could_not_decide_widens_only_its_own_figure(tables: Build) -> None:
    texts = [text(n) for n in range(60)] + [text(n, "injection") for n in range(60)]
    whole = guarded(tables(texts=texts), checked(texts))
    short = guarded(tables(texts=texts), checked(texts, benign3=None)[:-2])
    for name, lost in ((FALSE_ALARMS, 1), (CAUGHT, 2)):
        before, after = measure(whole, name, "pilot"), measure(short, name, "pilot")
        assert (before.unmeasured, after.unmeasured) == (0, lost)
        assert after.high is not None
        assert before.high is not None
        assert after.high > before.high


def test_rows_set_aside_at_intake_widen_both(tables: Build) -> None:
    texts = [text(n) for n in range(60)]
    data = guarded(tables(texts=texts, missing={"texts": 3}), checked(texts))
    assert measure(data, FALSE_ALARMS, "pilot").unmeasured == 3


def test_texts_of_another_phase_stay_out_and_those_without_one_count(tables: Build) -> None:
    texts = [text(0), text(1, phase=None), text(2, phase="production")]
    data = guarded(tables(texts=texts), checked(texts))
    assert measure(data, FALSE_ALARMS, "pilot").n == 2


def test_sources_and_languages_are_parts(tables: Build) -> None:
    texts = [text(n, source="scan" if n < 4 else "mail", language="de" if n < 6 else "it") for n in range(10)]
    data = guarded(tables(texts=texts), checked(texts, benign0="block", benign5="block"))
    parts = {
        kpi.dimension: (kpi.count, kpi.n)
        for part in ("source", "language")
        for kpi in measure_parts(data, FALSE_ALARMS, "pilot", part)
    }
    assert parts == {"source=mail": (1, 6), "source=scan": (1, 4), "language=de": (2, 6), "language=it": (0, 4)}


def test_without_texts_or_guard_the_reason_says_which_is_missing(tables: Build) -> None:
    assert measure(tables(), CAUGHT, "pilot").reason == "the dataset has no table `texts`"
    assert measure(tables(texts=[text(0)]), CAUGHT, "pilot").reason == "no text was put to the guard"


def test_a_table_without_rows_is_no_zero(tables: Build) -> None:
    data = guarded(tables(texts=[]), checked([]))
    assert measure(data, CAUGHT, "pilot").estimate is None
    named = Tables(data.connection, {**data.facts, "texts": {"columns": ["text"]}})
    assert measure(named, CAUGHT, "pilot").reason == "no texts of the pilot are in the dataset"


def runs(*weeks: int) -> list[dict[str, Any]]:
    """So many runs in each week."""
    return [
        {"interaction_id": f"{week}-{n}", "phase": "pilot", "input_text": "x", "started_at": MONDAY + week * WEEK}
        for week, count in enumerate(weeks)
        for n in range(count)
    ]


def held(rows: list[dict[str, Any]], *names: str) -> DataFrame:
    decisions = ["review" if row["interaction_id"] in names else "allow" for row in rows]
    return DataFrame({"interaction_id": [row["interaction_id"] for row in rows], "decision": decisions})


def test_reviews_are_counted_by_week_and_a_quiet_week_is_one_too(tables: Build) -> None:
    rows = runs(5, 3, 4)
    data = guarded_runs(tables(interactions=rows), held(rows, "0-0", "0-4", "2-1"))
    kpi = measure(data, REVIEWS, "pilot")
    assert (kpi.estimate, kpi.n, kpi.unit) == (1.0, 3, "reviews")


def test_weeks_without_a_review_do_not_prove_that_none_will_come(tables: Build) -> None:
    rows = runs(5, 3, 4)
    kpi = measure(guarded_runs(tables(interactions=rows), held(rows)), REVIEWS, "pilot")
    assert (kpi.estimate, kpi.low) == (0.0, 0.0)
    assert kpi.high == pytest.approx(3.688879 / 3, abs=1e-6)  # -ln(.025) over three weeks


def test_a_run_that_was_not_decided_leaves_its_week_without_a_count(tables: Build) -> None:
    rows = runs(2, 2)
    undecided = held(rows)
    undecided.loc[0, "decision"] = None
    kpi = measure(guarded_runs(tables(interactions=rows), undecided), REVIEWS, "pilot")
    assert (kpi.n, kpi.unmeasured) == (1, 1)


def test_a_second_look_replaces_the_first(tables: Build) -> None:
    texts = [text(n) for n in range(4)]
    first = guarded(tables(texts=texts), checked(texts))
    second = guarded(first, checked(texts, benign0="block"))
    assert measure(second, FALSE_ALARMS, "pilot").count == 1
