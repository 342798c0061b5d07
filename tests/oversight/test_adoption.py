from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pilotage.oversight.adoption import adoption
from pilotage.oversight.adoption_shown import adoption_alt, adoption_figure, adoption_finding, adoption_table

MONDAY = datetime(2026, 9, 7, 9)


def cases(used: str, **more: object) -> dict[str, list[dict]]:
    """A case for each letter: u with the agent, - without; blanks begin a new week."""
    known, runs = [], []
    for week, letters in enumerate(used.split()):
        for place, letter in enumerate(letters):
            name, at = f"c{week:02}-{place:03}", MONDAY + timedelta(weeks=week, minutes=place)
            known.append({"case_id": name, "phase": "production", "opened_at": at, **more})
            if letter == "u":
                runs.append({"interaction_id": f"i{name}", "case_id": name, "phase": "production", "started_at": at})
    return {"cases": known, "interactions": runs}


def step(case: dict, who: str, what: str) -> dict:
    return {"case_id": case["case_id"], "activity": what, "resource": who, "timestamp": case["opened_at"]}


def test_cases_without_a_run_are_those_that_went_without_the_agent(tables):
    found = adoption(tables(**cases("uuu-")))
    assert (found.whole.cases, found.whole.used, found.whole.without) == (4, 3, 1)
    assert found.whole.share.low < 0.75 < found.whole.share.high
    assert adoption_finding(found).startswith("1 of 4 cases in production went without the agent")


def test_a_run_in_another_phase_is_no_use_in_production(tables):
    rows = cases("uu")
    rows["interactions"][0]["phase"] = "pilot"
    rows["cases"].append({**rows["cases"][0], "case_id": "old", "phase": "baseline"})
    found = adoption(tables(**rows))
    assert (found.whole.cases, found.whole.used) == (2, 1)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ({}, "no table `cases`"),
        ({"cases": cases("u")["cases"]}, "no table `interactions`"),
        ({**cases("u"), "interactions": [{"interaction_id": "i", "started_at": MONDAY}]}, "no column `case_id`"),
        (cases("u", phase="pilot"), "no case is in the phase production yet"),
    ],
)
def test_what_is_lacking_is_said_and_nothing_is_claimed(tables, rows, why):
    found = adoption(tables(**rows))
    assert found.whole is None
    assert why in found.lacking
    assert why.replace("`", "") in adoption_table(found).replace("<code>", "").replace("</code>", "")
    assert why in adoption_alt(found)
    assert adoption_figure(found) is None


def test_the_weeks_show_whether_use_grows(tables):
    found = adoption(tables(**cases("u---- uu--- uuu-- uuuu- uuuuu")))
    assert [one.used for one in found.weeks] == [1, 2, 3, 4, 5]
    assert found.trend.low > 0
    assert "grows from week to week" in adoption_finding(found)
    assert "20%" in adoption_alt(found)
    assert adoption_figure(found) is not None


def test_the_same_share_every_week_is_no_trend(tables):
    found = adoption(tables(**cases("uu-- u-u- -uu- uu--")))
    assert "cannot be told" in adoption_finding(found)


def test_two_weeks_make_no_trend(tables):
    assert adoption(tables(**cases("u--- uuuu"))).trend is None


def test_segments_stand_beside_the_whole(tables):
    rows = cases("uu--")
    for place, case in enumerate(rows["cases"]):
        case["segment"] = ("emea", None)[place // 2]
    found = adoption(tables(**rows))
    assert {one.name: one.used for one in found.segments} == {"emea": 2, "not named": 0}


def test_lost_rows_never_narrow_the_interval(tables):
    rows, shares = cases("uuu-" * 10), []
    for lost in ({}, {"cases": 4}, {"cases": 4, "interactions": 6}):
        shares.append(adoption(tables(missing=lost, **rows)).whole.share)
    lows, highs = [one.low for one in shares], [one.high for one in shares]
    assert lows == sorted(lows, reverse=True)
    assert highs == sorted(highs)
    assert lows[0] > lows[1]
    assert highs[1] < highs[2]


def test_a_run_that_names_no_case_may_belong_to_any(tables):
    rows = cases("uuu-" * 10)
    before = adoption(tables(**rows)).whole.share
    rows["interactions"].append({"interaction_id": "x", "phase": "production", "started_at": MONDAY})
    found = adoption(tables(**rows))
    assert found.unnamed == 1
    assert (found.whole.share.low, found.whole.share.high > before.high) == (before.low, True)


def worked(tables, training=()):
    """20 cases the agent posted; 20 that ada or bob posted by hand; mail receives and boss approves all of them."""
    rows = cases("u" * 20 + "-" * 20)
    rows["events"] = []
    for place, case in enumerate(rows["cases"]):
        by = "robot" if place < 20 else ("ada", "bob")[place % 2]
        rows["events"] += [step(case, "mail", "receive"), step(case, by, "post"), step(case, "boss", "approve")]
    rows["events"].append(step(rows["cases"][0], "ada", "ask supplier"))
    return adoption(tables(**rows, **({"training": list(training)} if training else {})))


def test_people_are_those_who_do_by_hand_what_the_agent_does(tables):
    found = worked(tables)
    assert found.agents == ("robot",)
    assert {one.name: (one.cases, one.used) for one in found.people} == {"ada": (11, 1), "bob": (10, 0)}
    assert "nobody&#x27;s" in adoption_table(found)


def test_a_newcomer_seen_only_beside_the_agent_is_not_taken_for_it(tables):
    rows = cases("u" * 20 + "-" * 20)
    rows["events"] = [step(case, "robot" if place < 20 else "ada", "post") for place, case in enumerate(rows["cases"])]
    rows["events"] += [step(case, "newcomer", "ask supplier") for case in rows["cases"][:3]]
    assert adoption(tables(**rows)).agents == ("robot",)


def test_a_log_that_names_nobody_says_so(tables):
    found = adoption(tables(**cases("uu--")))
    assert found.people == ()
    assert "cannot be said whose cases go without it" in adoption_table(found)


def passed(person: str) -> dict:
    return {"person": person, "team": "desk", "course": "working with the agent", "passed_at": MONDAY}


def test_who_passed_no_course_is_named_only_where_the_names_match(tables):
    assert worked(tables, [passed("ada")]).untrained == ("bob",)
    assert worked(tables, [passed("ada"), passed("bob")]).untrained == ()
    apart = worked(tables, [passed("p01")])
    assert apart.untrained is None
    assert "the log names people otherwise" in adoption_table(apart)
    assert "No course is recorded" in adoption_table(worked(tables))


def test_names_from_data_are_escaped(tables):
    assert "<b>" not in adoption_table(adoption(tables(**cases("uu-", segment="<b>x"), events=[])))
