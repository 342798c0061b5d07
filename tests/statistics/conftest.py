"""How much the coverage tables draw: a few cells in `make test`, every cell 20,000 times in `make coverage`."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--repeats", type=int, default=0, help="draws per cell of the coverage tables; 0 for a few cells")
