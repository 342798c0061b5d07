"""How well personal data is found, and how fast: per type and over all structured types, beside presidio.

`rows()` measures in this process; run as a script it prints them. A find counts as right when it overlaps a marked span
of its type. F2 weighs a miss more than a false find (beta 2). The file was looked at while the rules were written, so
the figures are no forecast for other texts.
"""

from __future__ import annotations

import importlib.util
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "guard" / "pii_presidio_synth_v2_sample.json"
# The structured types of the file; what needs a language model (names, places) or is no person's (domains, postcodes,
# dates and ages on their own) is left out, and so are the five driving licences, which only their label tells.
TYPES = {
    "CREDIT_CARD": "card",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip_address",
    "PHONE_NUMBER": "phone",
    "US_SSN": "national_id",
}
CHECKSUMMED = ("card", "iban")
WARM_UP = 100  # texts before the clock starts: patterns are compiled when first used
Spans = list[tuple[int, int, str]]


def rows() -> list[dict[str, Any]]:
    """One row per measure: what, value, target and whether it is met; what was skipped is a row that says so."""
    if not DATA.is_file():
        return [{"what": "personal data", "skipped": "../shared/data is not on this machine"}]
    texts = json.loads(DATA.read_text(encoding="utf-8"))
    ours, speed = _timed(_ours, [text["text"] for text in texts])
    told = [*_quality("redact", texts, ours), _row("redact", "texts per CPU-second", speed, 1_000)]
    left_out = sorted({kind for text in texts for *_, kind in text["spans"]} - set(TYPES))
    return [*told, {"what": "types that were not counted", "skipped": ", ".join(left_out)}, *_presidio(texts, speed)]


def _ours(text: str) -> Spans:
    from pilotage.redact import find

    return [(one.start, one.end, one.kind) for one in find(text)]


def _timed(look: Callable[[str], Spans], texts: list[str]) -> tuple[list[Spans], float]:
    for text in texts[:WARM_UP]:
        look(text)
    began = time.process_time()
    found = [look(text) for text in texts]
    return found, len(texts) / (time.process_time() - began)


def _quality(who: str, texts: list[dict[str, Any]], found: list[Spans]) -> Iterable[dict[str, Any]]:
    hits, false, missed = Counter[str](), Counter[str](), Counter[str]()
    for text, spans in zip(texts, found, strict=True):
        marked = [(start, end, TYPES[kind]) for start, end, kind in text["spans"] if kind in TYPES]
        for span in spans:
            (hits if any(_same(span, one) for one in marked) else false)[span[2]] += 1
        missed.update(one[2] for one in marked if not any(_same(span, one) for span in spans))
    for kind in sorted(TYPES.values()):
        precision, recall = _shares(hits[kind], false[kind], missed[kind])
        yield _row(who, f"{kind}: precision", precision, 0.99 if kind in CHECKSUMMED else None)
        yield _row(who, f"{kind}: recall", recall)
    counted = set(TYPES.values())
    totals = [sum(each[kind] for kind in counted) for each in (hits, false, missed)]
    precision, recall = _shares(*totals)
    yield _row(who, "structured types: precision", precision, 0.90)
    yield _row(who, "structured types: recall", recall)
    f2 = 5 * precision * recall / (4 * precision + recall) if precision + recall else 0.0
    yield _row(who, "structured types: F2", f2, 0.96)


def _same(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    return one[2] == other[2] and one[0] < other[1] and other[0] < one[1]


def _shares(hits: int, false: int, missed: int) -> tuple[float, float]:
    return hits / (hits + false) if hits + false else float("nan"), hits / (hits + missed) if hits + missed else float(
        "nan"
    )


def _row(who: str, what: str, value: float, target: float | None = None) -> dict[str, Any]:
    return {
        "what": f"{who}: {what}",
        "value": value,
        "target": target,
        "met": None if target is None else value >= target,
    }


def _presidio(texts: list[dict[str, Any]], our_speed: float) -> list[dict[str, Any]]:
    """The same with presidio-analyzer's recognizers and a small spaCy model, in the same run, where installed."""
    absent = [name for name in ("presidio_analyzer", "spacy", "en_core_web_sm") if not importlib.util.find_spec(name)]
    if absent:
        return [{"what": "presidio-analyzer", "skipped": f"not installed: {', '.join(absent)}"}]
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    models = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": "en_core_web_sm"}]}
    engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=models).create_engine())

    def look(text: str) -> Spans:
        seen = engine.analyze(text, language="en", entities=list(TYPES), score_threshold=0.4)
        return [(one.start, one.end, TYPES[one.entity_type]) for one in seen]

    found, speed = _timed(look, [text["text"] for text in texts])
    return [
        *_quality("presidio", texts, found),
        _row("presidio", "texts per CPU-second", speed),
        _row("redact", "speed as a multiple of presidio's, same run", our_speed / speed),
    ]


if __name__ == "__main__":
    for row in rows():
        if "skipped" in row:
            print(f"{row['what']:58} skipped: {row['skipped']}")
        else:
            target = "" if row["target"] is None else f"  target {row['target']:g}: {'met' if row['met'] else 'MISSED'}"
            print(f"{row['what']:58} {row['value']:10.3f}{target}")
