from __future__ import annotations

import numpy as np
import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.guardrails.classifier import Model, adapt, cross_fitted, load, save
from pilotage.guardrails.classifier.local import prepared
from pilotage.guardrails.classifier.quality import auroc


@pytest.fixture(scope="module")
def adapted(small: Model, pilot_texts: list[str]) -> Model:
    return adapt(small, pilot_texts[:40], [0] * 40)


def test_the_pilots_own_texts_no_longer_look_like_attacks(
    small: Model, adapted: Model, pilot_texts: list[str], some_attacks: list[str]
) -> None:
    fresh = pilot_texts[40:]
    assert auroc(adapted.score(some_attacks), adapted.score(fresh)) > 0.95
    assert adapted.score(fresh).mean() < small.score(fresh).mean()


def test_adapting_twice_gives_the_same_bytes_and_goes_through_a_file(
    small: Model, adapted: Model, pilot_texts: list[str], tmp_path
) -> None:
    assert adapt(small, pilot_texts[:40], [0] * 40).sha256 == adapted.sha256 != small.sha256
    digest = save(adapted, tmp_path / "own.npz")
    assert load(tmp_path / "own.npz", digest).score(pilot_texts).tolist() == adapted.score(pilot_texts).tolist()


def test_a_text_it_learnt_is_known_by_its_score_before_however_it_is_spelt(
    small: Model, adapted: Model, pilot_texts: list[str]
) -> None:
    assert not small.adapted
    assert small.held_out(pilot_texts[:1]) == [None]
    first = pilot_texts[0]
    known, shouted, fresh = adapted.held_out([first, f"  {first.upper()} ", pilot_texts[50]])
    assert known is not None
    assert shouted == known
    assert fresh is None


def test_held_out_scores_that_are_given_are_kept(small: Model, pilot_texts: list[str]) -> None:
    kept = adapt(small, pilot_texts[:30], [0] * 30, held_out=np.linspace(0.1, 0.9, 30)).held_out(pilot_texts[:30])
    assert kept == pytest.approx(np.linspace(0.1, 0.9, 30), abs=1e-6)


def test_held_out_probabilities_tell_the_pilots_attacks_from_its_texts(
    small: Model, pilot_texts: list[str], some_attacks: list[str], loud: object
) -> None:
    texts, labels = pilot_texts + some_attacks, [0] * len(pilot_texts) + [1] * len(some_attacks)
    found = cross_fitted(small, texts, labels, detectors=[loud])
    assert auroc(found[len(pilot_texts) :], found[: len(pilot_texts)]) > 0.9
    assert cross_fitted(small, texts, labels, detectors=[loud]).tolist() == found.tolist()


def test_texts_that_read_alike_are_held_out_together(small: Model, pilot_texts: list[str]) -> None:
    texts = [*pilot_texts, *[text.upper() for text in pilot_texts]]
    fold = prepared(small, texts, [0] * len(texts), None, (), 5, 0).fold
    assert fold[: len(pilot_texts)].tolist() == fold[len(pilot_texts) :].tolist()
    assert np.bincount(fold).min() > 0


def test_a_text_of_more_weight_bends_the_model_more(
    small: Model, pilot_texts: list[str], some_attacks: list[str]
) -> None:
    texts, labels = [*pilot_texts[:30], some_attacks[0]], [0] * 30 + [1]
    light, heavy = (adapt(small, texts, labels, [weight] * 10 + [1.0] * 21) for weight in (0.05, 20.0))
    assert heavy.value(pilot_texts[:10]).mean() < light.value(pilot_texts[:10]).mean()


def test_every_fault_of_the_texts_is_told_at_once(small: Model) -> None:
    with pytest.raises(InputFaults) as told:
        adapt(small, ["a", "b", "b"], [0, 2, 0], [1.0, -1.0, float("nan")])
    assert [fault.split(":")[0] for fault in told.value.faults[:2]] == ["labels", "weights"]
    assert "2 different harmless texts" in told.value.faults[2]
    with pytest.raises(InputFaults, match="do not match 1 labels"):
        adapt(small, ["a", "b"], [0])


class Strange:
    name = "strange"

    def score(self, texts):
        return np.linspace(0, 1, len(texts))


def test_a_new_detector_needs_attacks_to_be_judged_by(
    small: Model, pilot_texts: list[str], some_attacks: list[str]
) -> None:
    with pytest.raises(PilotageError, match="strange"):
        adapt(small, pilot_texts, [0] * len(pilot_texts), detectors=[Strange()])
    labels = [0] * len(pilot_texts) + [1] * len(some_attacks)
    model = adapt(small, pilot_texts + some_attacks, labels, detectors=[Strange()])
    assert model.combine({"classifier": np.array([0.5]), "strange": np.array([0.5])}).shape == (1,)
