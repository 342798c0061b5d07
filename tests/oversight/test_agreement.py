from __future__ import annotations

import math

import pytest

from pilotage.oversight.agreement import agreement, agreement_finding, agreement_table, disputes_table
from pilotage.statistics import cohen_kappa


def twice(pairs: str, **more: object) -> list[dict]:
    """Items decided by ada and bob: "aa ar" is an item both approved and one that bob rejected."""
    words = {"a": "approve", "r": "reject", "c": "correct"}
    return [
        {"run": f"i{item:03}", "reviewer": who, "decision": words[said], **more}
        for item, pair in enumerate(pairs.split())
        for who, said in zip(("ada", "bob"), pair, strict=True)
    ]


def test_full_agreement_is_one_and_still_leaves_doubt(reviews, policy):
    found = agreement(reviews(twice("aa rr " * 10)), policy)
    assert (found.items, found.same, found.people) == (20, 20, ("ada", "bob"))
    assert found.alpha.estimate == 1
    assert found.alpha.low < 1
    assert found.pairs[0].kappa.estimate == 1


def test_kappa_is_that_of_the_two_people(reviews, policy):
    pairs = "aa aa aa aa rr rr ar ra aa rr aa ar"
    kappa = agreement(reviews(twice(pairs)), policy).pairs[0].kappa
    one, other = zip(*([said == "r" for said in pair] for pair in pairs.split()), strict=True)
    assert kappa.estimate == pytest.approx(cohen_kappa(one, other, 0.9).estimate)
    assert kappa.low < kappa.estimate < kappa.high


def test_a_rejection_and_a_correction_agree_that_it_was_wrong(reviews, policy):
    assert agreement(reviews(twice("rc cr aa")), policy).same == 3


def test_one_and_the_same_answer_says_nothing(reviews, policy):
    found = agreement(reviews(twice("aa " * 12)), policy)
    assert math.isnan(found.alpha.estimate)
    assert "one and the same answer" in agreement_table(found)


@pytest.mark.parametrize(
    "rows",
    [
        [{"reviewer": "ada"}, {"reviewer": "bob"}],
        [{"run": "i1", "reviewer": "ada"}, {"run": "i1", "reviewer": "ada", "decision": "reject"}],
        twice("aa ar", seeded=True),
        twice("aa ar", stream="guided"),
        [{"run": "i1"}, {"run": "i1", "reviewer": "bob", "action_type": "hand over"}],
    ],
    ids=["apart", "one person twice", "planted", "guided", "another action"],
)
def test_without_two_people_on_the_same_item_it_says_what_to_do(reviews, policy, rows):
    found = agreement(reviews(rows), policy)
    assert (found.items, found.alpha) == (0, None)
    assert "nobody knows" in agreement_finding(found)
    assert "Set overlap_share in oversight.yaml above 0" in agreement_table(found)


def test_few_items_have_no_kappa(reviews, policy):
    found = agreement(reviews(twice("aa rr ar")), policy)
    assert found.pairs[0].kappa is None
    assert "fewer than 10 items" in agreement_table(found)


def test_runs_of_one_task_are_one_cluster(reviews, policy):
    apart = twice("aa rr aa ar rr aa rr ra aa rr")
    together = [{**row, "task_id": f"t{place // 8}"} for place, row in enumerate(apart)]
    assert agreement(reviews(apart), policy).alpha.n_eff == 10
    assert agreement(reviews(together), policy).alpha.n_eff == 3


@pytest.mark.parametrize("pairs", ["aa rr " * 8, "aa rr ar " * 5, "aa aa rr ra " * 4])
def test_losing_reviews_never_raises_the_lower_bound(reviews, policy, pairs):
    lows = [agreement(reviews(twice(pairs), missing), policy).alpha.low for missing in (0, 1, 4, 100)]
    assert lows == sorted(lows, reverse=True)
    assert lows[-1] == -math.inf


def test_disputes_are_listed_newest_first_until_somebody_settles_them(reviews, policy):
    rows = twice("ar aa ra ar")
    found = agreement(reviews(rows), policy)
    assert [one.interaction_id for one in found.disputes] == ["i003", "i002", "i000"]
    assert found.disputes[0].said == (("ada", "approve", ""), ("bob", "reject", ""))
    rows.append({"run": "i003", "reviewer": "cy", "decision": "approve", "adjudicates": True})
    later = agreement(reviews(rows), policy)
    assert ([one.interaction_id for one in later.disputes], later.settled) == (["i002", "i000"], 1)
    assert later.people == ("ada", "bob")


def test_a_dispute_over_a_suspicious_run_is_listed_too(reviews, policy):
    assert len(agreement(reviews(twice("ar", stream="guided")), policy).disputes) == 1


def test_what_people_and_agents_wrote_is_redacted_escaped_and_cut(reviews, policy):
    hostile = "<script>alert(1)</script> mail jo@corp.example " + "x" * 1000
    table = disputes_table(agreement(reviews(twice("ar", output_text=hostile, reason=hostile)), policy))
    assert "<script>" not in table
    assert "jo@corp" not in table
    assert "x" * 300 not in table


def test_a_long_list_of_disputes_is_cut_and_says_so(reviews, policy):
    table = disputes_table(agreement(reviews(twice("ar " * 23)), policy))
    assert table.count("<tr>") == 21
    assert "3 older disputes are not listed" in table
