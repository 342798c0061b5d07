"""Makes the shipped classifier anew, and its card: python tests/bench/guardrails/ship.py DATE

Only sources that are licensed for it are trained on. The detectors it can combine are the classifier and the playbook's
rules, as they stand.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from quality import DATA, LICENSED, rules

from pilotage.guardrails.classifier import card, load, read_source, save, train
from pilotage.guardrails.classifier.file import SHIPPED
from pilotage.hashes import write_text_atomically

LICENCE = "MIT or Apache-2.0"


def main(as_of: str) -> None:
    """Train on every licensed file, and write the model and its card."""
    paths = sorted(path for path in DATA.glob("*_[01].jsonl") if path.stem.partition("_")[0] in LICENSED)
    model = train([read_source(path, LICENCE) for path in paths], as_of=as_of, detectors=[rules()])
    save(model, SHIPPED)
    write_text_atomically(SHIPPED.with_name("MODEL_CARD.md"), card(load(SHIPPED, model.sha256)))
    print(f"{SHIPPED.name}: {SHIPPED.stat().st_size:,} bytes, {model.sha256}")


if __name__ == "__main__":
    main(sys.argv[1])
