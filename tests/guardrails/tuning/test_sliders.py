"""The sliders without a browser."""

from __future__ import annotations

import numpy as np

from pilotage.guardrails.tuning.sliders import Sliders
from pilotage.guardrails.tuning.tuner import tuner


def test_moving_a_slider_changes_the_bands_at_once(world, costs) -> None:
    rng = np.random.default_rng(0)
    made = tuner(*world.draw(150, 150, rng), rng, resamples=20)
    panel = Sliders(made, costs(), currency="EUR")
    before, shown = panel.point, panel.shown.value
    assert before.costs == costs()
    panel.moved["missed_attack"].value = 50
    assert panel.point.review_at > before.review_at
    assert panel.shown.value != shown
    assert "EUR" in panel.shown.value


def test_a_share_stays_a_share(world, costs) -> None:
    rng = np.random.default_rng(0)
    made = tuner(*world.draw(60, 60, rng), rng, resamples=5)
    panel = Sliders(made, costs(attack_share=0, reviews_per_week_max=float("inf")))
    for name in ("attack_share", "caught_in_review"):
        panel.moved[name].value = 5
        assert panel.moved[name].value <= 1
