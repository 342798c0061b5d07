"""The sample's texts: enough of each kind, all different, all made up; and what people decided about the guard."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

import pandas as pd
import phonenumbers
import pytest
from stdnum import iban

from pilotage.kpis.guarded import shape
from pilotage.records.synthetic import VARIANTS, make_tables
from pilotage.records.synthetic.texts import KINDS, SPOKEN, WRITTEN
from pilotage.records.synthetic.texts_words import MADE, SLOT, wording
from pilotage.records.synthetic.world import world_of

ROOT = Path(__file__).parents[2]
ATTACKS, AMISS = ["injection", "jailbreak"], ["personal data", "policy", "leak"]


@pytest.fixture(scope="module")
def tables() -> dict[str, dict[str, pd.DataFrame]]:
    return {variant: make_tables(7, variant) for variant in VARIANTS}


@pytest.fixture(scope="module")
def texts(tables: dict[str, dict[str, pd.DataFrame]]) -> pd.DataFrame:
    return tables["sample"]["texts"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_there_is_enough_to_judge_a_guard_on(tables, variant):
    drawn = tables[variant]["texts"]
    harmless = drawn.query("label == 'benign' and side == 'input'")["text"]
    assert harmless.map(shape).nunique() >= 300  # what a false-alarm rate of 1% needs
    assert drawn["label"].isin(ATTACKS).sum() >= 80
    assert set(drawn["label"]) == {"benign", *ATTACKS, *AMISS}


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_text_stands_twice_and_no_slot_is_left_open(tables, variant):
    drawn = tables[variant]["texts"]["text"]
    assert drawn.is_unique
    assert not drawn.str.contains(SLOT.pattern.replace("(", "(?:"), regex=True).any()
    assert drawn.str.strip().str.len().min() >= 15


def test_attacks_go_in_and_what_is_amiss_comes_out(texts):
    assert texts[texts["label"].isin(ATTACKS)]["side"].eq("input").all()
    assert texts[texts["label"].isin(AMISS)]["side"].eq("output").all()


def test_harmless_texts_and_attacks_come_in_every_language(texts):
    for part in (texts.query("label == 'benign' and side == 'input'"), texts[texts["label"].isin(ATTACKS)]):
        assert part.groupby("language").size().reindex(list(WRITTEN)).min() >= 10
    assert set(texts.query("side == 'output'")["language"]) == set(SPOKEN)


def test_harmless_texts_hold_the_words_of_attacks(texts):
    harmless = texts.query("label == 'benign' and side == 'input'")["text"]
    for words in ("ignore our reminder", "New instructions for delivery", "System: SAP", "ignorieren Sie", "Ignorate"):
        assert harmless.str.contains(words, regex=False).sum() >= 2, words


def test_some_attacks_are_disguised_in_each_way(texts):
    attacks = texts[texts["label"].isin(ATTACKS)]["text"]
    assert attacks.str.contains("\u200b").sum() >= 3
    assert attacks.str.contains(r"(?:\w ){12}", regex=True).sum() >= 3
    assert attacks.str.contains(r"\b[a-zäöüß]*[4310][a-zäöüß]+[43105]", regex=True).sum() >= 3
    assert sum(map(_decodes, attacks)) >= 3


def _decodes(text: str) -> bool:
    """Whether a word of it is base64 of a sentence."""
    for word in re.findall(r"[A-Za-z0-9+/]{24,}={0,2}", text):
        try:
            return " " in base64.b64decode(word, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return False


def test_accounts_have_a_checksum_that_holds_and_a_bank_that_is_none(texts):
    found = texts["text"].str.extractall(r"\b((?:DE|AT)\d{18,20})\b")[0]
    assert len(found) > 50
    assert all(iban.is_valid(account) for account in found)
    assert found.str[4:6].eq("99").all()


def test_telephone_numbers_could_be_dialled_and_addresses_are_kept_for_examples(texts):
    out = texts.query("label == 'personal data'")["text"]
    numbers = out.str.extract(r"(\+\d[\d ]+\d)")[0].dropna()
    assert len(numbers) > 10
    assert all(phonenumbers.is_possible_number(phonenumbers.parse(number)) for number in numbers)
    hosts = texts["text"].str.extractall(r"(?:@|https?://)([a-z.]*[a-z])")[0]
    assert hosts.str.fullmatch(r"(?:\w+\.)?example(?:\.com|\.org|\.net)?").all()


def test_every_kind_has_its_wording_in_every_language_it_is_written_in():
    spoken = {"input": WRITTEN, "output": SPOKEN}
    for _, root, _, _, side in KINDS:
        for language in spoken[side]:
            options = wording()[language]
            assert options["wrapped" if root == "disguised" else root], (language, root)
            named = {slot for lines in options.values() for line in lines for slot in SLOT.findall(line)}
            assert named <= {*options, *wording()["en"], *MADE, "code"}, language


def test_what_leaks_stands_in_the_shipped_system_prompt():
    prompt = " ".join((ROOT / "playbook/prompts/system.md").read_text(encoding="utf-8").split())
    assert [phrase for phrase in wording()["en"]["phrase"] if phrase not in prompt] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_inbox_is_the_sample_of_real_inputs_that_it_was(tables, variant):
    inbox = tables[variant]["texts"].query("source == 'supplier inbox'")
    assert len(inbox) == world_of(variant).people.inbox
    assert inbox["side"].eq("input").all()


def reviewed(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The guard's reviews with the text that was reviewed."""
    runs = tables["interactions"][["interaction_id", "input_text", "case_id", "started_at"]]
    return tables["reviews"].query("action_type == 'guardrail'").merge(runs, on="interaction_id")


def test_what_was_held_up_is_all_reviewed_and_what_passed_by_chance(tables):
    found = reviewed(tables["sample"])
    held = found["stream"] == "guided"
    assert found.loc[held, "inclusion_probability"].eq(1).all()
    assert found.loc[~held, "inclusion_probability"].eq(world_of("sample").people.passed_checked).all()
    live = tables["sample"]["interactions"].query("case_id.notna() and parent_interaction.isna()")
    passed = len(live) - found[held]["interaction_id"].nunique()
    assert (~held).sum() / passed == pytest.approx(world_of("sample").people.passed_checked, abs=0.03)
    assert found["case_id"].notna().all()
    assert not found["seeded"].any()


def test_people_reject_what_is_hostile_and_hardly_anything_else(tables):
    found = reviewed(tables["sample"])
    hostile = found["input_text"].str.match(r"<script>|=|Ignore your rules")
    assert found.loc[hostile, "decision"].eq("reject").mean() >= 0.8
    assert found.loc[~hostile, "decision"].eq("approve").mean() >= 0.98


def test_the_guards_reviews_stand_after_all_others(tables):
    kinds = tables["sample"]["reviews"]["action_type"].eq("guardrail")
    assert kinds.is_monotonic_increasing
    assert tables["sample"]["reviews"]["review_id"].is_unique
    assert not reviewed(tables["sample"]).duplicated(["interaction_id", "reviewer"]).any()
