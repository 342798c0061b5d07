"""What the guardrails catch, what they stop in error, and what they cost: `make bench-guardrails`.

Data lies beside the project and is not part of it; without it there is nothing to measure. Exit 1 when a target is
missed, and the rows say which.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import evasion
import pii
import quality
import tuner

PARTS = {"quality": quality, "evasion": evasion, "pii": pii, "tuner": tuner}


def main() -> int:
    """Print each part's rows as a table and the targets that were missed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS), help="which parts; default: all")
    missed = []
    for name in asked.parse_args().parts:
        rows = PARTS[name].rows()
        print(f"\n{name}\n{table(rows)}", flush=True)
        missed += [f"{name}: {row}" for row in rows if row.get("met") is False]
    print("\n".join(["", "missed:", *missed] if missed else ["", "every target is met"]))
    return 1 if missed else 0


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in columns, a number with three places."""
    import pandas as pd

    return (
        pd.DataFrame(rows).astype(object).fillna("").to_string(index=False, float_format=lambda value: f"{value:.3f}")
    )


if __name__ == "__main__":
    raise SystemExit(main())
