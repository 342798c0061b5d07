"""Settings that cannot be followed are told, all at once, before anything is called."""

from __future__ import annotations

import pytest

from pilotage.agents import Prices
from pilotage.errors import InputFaults
from pilotage.pilot.evaluate import Settings

PRICES = Prices(1.0, 2.0)


@pytest.mark.parametrize(
    ("settings", "prices", "said"),
    [
        ({"budget": 0.0}, PRICES, "budget should be more than 0 (got 0); leave it out to spend without a limit"),
        ({"budget": -1.0}, PRICES, "budget should be more than 0 (got -1)"),
        ({"budget": float("nan")}, PRICES, "budget should be more than 0 (got nan)"),
        ({"budget": 5.0}, None, "give --price-in and --price-out"),
        ({"budget": 5.0}, Prices(0.0, 0.0), "tokens cost nothing"),
        ({"prices": Prices(-1.0, 1.0)}, PRICES, "the price of input tokens should be at least 0 (got -1)"),
        ({"trials": 0}, None, "trials should be at least 1 (got 0)"),
        ({"concurrency": 0}, None, "concurrency should be at least 1"),
        ({"attempts": 0}, None, "attempts should be at least 1"),
        ({"timeout_s": 0.0}, None, "timeout should be more than 0"),
        ({"call_timeout_s": -1.0}, None, "call-timeout should be more than 0"),
        ({"rpm": 0.0}, None, "rpm should be more than 0"),
        ({"tpm": float("inf")}, None, "tpm should be more than 0"),
    ],
)
def test_a_setting_that_cannot_be_followed_is_named(settings, prices, said):
    with pytest.raises(InputFaults) as told:
        Settings(**settings).check(prices)
    assert said in str(told.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(InputFaults) as told:
        Settings(trials=0, attempts=0, budget=1.0).check(None)
    assert len(told.value.faults) == 3


@pytest.mark.parametrize("settings", [Settings(), Settings(budget=0.01, prices=PRICES), Settings(rpm=0.5)])
def test_others_are_followed(settings):
    settings.check(PRICES)
