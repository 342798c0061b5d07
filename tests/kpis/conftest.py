"""How many seeds the coverage test draws: few in `make test`, 200 in `make coverage`."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=4, help="seeds of the sample whose intervals are checked")
