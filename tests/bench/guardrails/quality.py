"""How well the guard tells attacks from harmless texts of places it has not seen, and how fast.

`rows()` trains on some sources and judges on others, several times over (some ten minutes):

- `halves`: trained on half of the licensed sources (plus our own templates), judged on the other half and on attacks of
  eight further collections. The pilot is an equal mix of the other half's harmless sources: `pilot texts` of them are
  given to `adapt`, the rest (never fewer than 150) are judged. This is a pilot whose traffic resembles none of the
  training.
- `grid`: each of four kinds of harmless traffic in turn is the pilot's, and each source's attacks in turn are the
  attackers'; both are left out of the training. Means over the cells.

Pooled: all attacks in one heap against the pilot's harmless texts; mean: over the sources of attacks. TPR is the share
of attacks above the score that 1% of the judged harmless texts reach.
"""

from __future__ import annotations

import importlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pilotage.guardrails.classifier import Model, Source, adapt, cross_fitted, shipped, train
from pilotage.guardrails.classifier.quality import auroc, caught_at
from pilotage.guardrails.rules import RuleBook, compile_rules
from pilotage.playbook import read_policy
from pilotage.statistics.conformal import conformal_threshold
from pilotage.workspace import find_workspace

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("PILOTAGE_GUARD_DATA", ROOT.parent / "shared" / "data" / "guard"))
LICENSED = ("slabs", "neuralchemy", "oubliette", "bastion", "injecguard", "selfinstruct", "tau")
UNLICENSED = "pa_"  # for experiments only: judged, never trained on
HALVES = (("slabs", "injecguard", "selfinstruct"), ("neuralchemy", "oubliette", "bastion", "tau"))
PILOTS = (("slabs",), ("neuralchemy",), ("oubliette",), ("tau", "selfinstruct"))
SIZES = (0, 100, 300, 1000)
SPLITS = 2000  # 200 would know the highest twentieth to a tenth of a per cent only
TRAINED_EACH, JUDGED_EACH = 1500, 300  # texts of one file that are trained on; of one source that are judged
DATED = "2026-11-22"

Array = Any
Score = Callable[[Sequence[str]], Array]


class LeftOut(Exception):
    """A peer that is installed and still cannot be run here."""


@dataclass(frozen=True)
class File:
    """One file: texts of one label from one family."""

    family: str
    source: Source

    @property
    def attack(self) -> bool:
        return bool(self.source.labels[0])


def rows() -> list[dict[str, Any]]:
    """The table: what was measured, on what, with how many pilot texts; `met` where there is a target."""
    if not DATA.is_dir():
        return [{"what": f"nothing: no data at {DATA.name}/", "met": False}]
    return [*halves(), *grid(), *false_alarms(), *calibration(), *speed(), *peers()]


def halves() -> Iterator[dict[str, Any]]:
    """Trained on half of the sources, judged on the others."""
    found: dict[tuple[int, str], list[tuple[float, ...]]] = {}
    for trained_on in HALVES:
        base = trained(tuple(sorted(trained_on)))
        others = [name for name in LICENSED if name not in trained_on]
        pilot = mixed(others)
        attacks = attacks_of([*others, UNLICENSED])
        for size in SIZES:
            if len(pilot) - size < 150:
                continue
            for name, score in detectors(base, pilot[:size]).items():
                found.setdefault((size, name), []).append(judged(score, pilot[max(size, 300) :], attacks))
    for (size, name), several in found.items():
        yield told("halves", size, name, np.mean(several, axis=0), len(several))


def grid() -> Iterator[dict[str, Any]]:
    """Each kind of traffic against each source of attacks, both left out of the training."""
    found: dict[tuple[int, str], list[tuple[float, ...]]] = {}
    for kind in PILOTS:
        pilot = mixed(kind)
        for out in ("bastion", "injecguard", "neuralchemy", "oubliette", "slabs", UNLICENSED):
            base = trained(tuple(name for name in LICENSED if name not in {*kind, out}))
            for size in (0, 300):
                for name, score in detectors(base, pilot[:size]).items():
                    result = judged(score, pilot[300:], attacks_of([out]))
                    found.setdefault((size, name), []).append(result)
    for (size, name), several in found.items():
        yield told("grid", size, name, np.mean(several, axis=0), len(several))


def false_alarms() -> Iterator[dict[str, Any]]:
    """A threshold for 1% from a pilot's held-out scores, on fresh texts of the same mix; many splits."""
    base = trained(tuple(sorted(HALVES[0])))
    texts = mixed([name for name in LICENSED if name not in HALVES[0]])
    probability = cross_fitted(base, texts, [0] * len(texts), detectors=[rules()])
    for size in (500, 900):
        rates = np.array(list(_fresh_rates(probability, size)))
        facts = {"what": "false alarms at 1%", "on": f"{SPLITS} splits, {size} to tune, {len(texts) - size} fresh"}
        mean, within = float(rates.mean()), float((rates <= 0.02).mean())
        yield facts | {"value": mean, "named": "mean", "target": 0.012, "met": mean <= 0.012}
        yield facts | {"value": within, "named": "share of splits up to 2%", "target": 0.95, "met": within >= 0.95}


def _fresh_rates(probability: Array, size: int) -> Iterator[float]:
    """The share of fresh texts above the threshold of the others, split by split."""
    rng = np.random.default_rng(0)
    for _ in range(SPLITS):
        order = rng.permutation(len(probability))
        threshold = conformal_threshold(probability[order[:size]], 0.01).threshold
        assert threshold is not None  # so many texts are enough for 1%
        yield float((probability[order[size:]] > threshold).mean())


def calibration() -> Iterator[dict[str, Any]]:
    """How far probabilities lie from shares, before and after 200 local labels (half attacks); on unseen sources."""
    errors: dict[str, list[float]] = {"as trained": [], "200 local labels": []}
    for trained_on in HALVES:
        base = trained(tuple(sorted(trained_on)))
        others = [name for name in LICENSED if name not in trained_on]
        harmless, attacks = mixed(others), [text for part in attacks_of(others).values() for text in part]
        rng = np.random.default_rng(0)
        attacks = [attacks[at] for at in rng.permutation(len(attacks))]
        size = min(len(harmless), len(attacks))
        fresh, labels = harmless[100:size] + attacks[100:size], np.repeat([0, 1], size - 100)
        local = adapt(base, harmless[:100] + attacks[:100], [0] * 100 + [1] * 100, detectors=[rules()])
        errors["as trained"].append(expected_error(base.score(fresh), labels))
        errors["200 local labels"].append(expected_error(together(local)(fresh), labels))
    for name, several in errors.items():
        value = float(np.mean(several))
        target = {"target": 0.04, "met": value <= 0.04} if name != "as trained" else {}
        yield {"what": "calibration error (ECE)", "on": "halves", "named": name, "value": value, **target}


def speed() -> Iterator[dict[str, Any]]:
    """Texts per second of processor time, one process: the whole core, and the classifier alone."""
    texts = mixed(LICENSED) + [text for part in attacks_of(LICENSED).values() for text in part]
    model = shipped()
    for name, score in (("views, rules, classifier", together(model)), ("classifier", model.score)):
        target = {"target": 500, "met": bool(per_second(score, texts) >= 500)} if "," in name else {}
        yield {"what": "texts per CPU-second", "named": name, "value": per_second(score, texts), **target}


def peers() -> Iterator[dict[str, Any]]:
    """The same halves, judged by packages with their own weights; nothing is adapted."""
    ours = None
    for name, make in PEERS.items():
        try:
            score = make()
        except (ImportError, LeftOut) as error:
            why = f"{error.name} is not installed" if isinstance(error, ImportError) else str(error)
            yield {"what": "peer", "named": name, "on": f"skipped: {why}"}
            continue
        several = []
        for trained_on in HALVES:
            others = [one for one in LICENSED if one not in trained_on]
            several.append(judged(score, mixed(others)[300:], attacks_of([*others, UNLICENSED])))
        ours = ours or per_second(together(shipped()), mixed(HALVES[0])[:200])
        row = told("halves", 0, name, np.mean(several, axis=0), 2)
        its = per_second(score, mixed(HALVES[0])[:200])
        yield row | {"met": "", "texts per CPU-s": its, "ours is so many times as fast": ours / its}


def detectors(base: Model, pilot: list[str]) -> dict[str, Score]:
    """The classifier alone and combined with the rules, adapted where there is a pilot."""
    model = adapt(base, pilot, [0] * len(pilot), detectors=[rules()]) if pilot else base
    return {"classifier": model.score, "with rules": together(model)}


def together(model: Model) -> Score:
    """The combined probability of classifier and rules."""
    return lambda texts: model.combine({"classifier": model.score(texts), "rules": rules().score(texts)})


def judged(score: Score, harmless: list[str], attacks: dict[str, list[str]]) -> tuple[float, ...]:
    """AUROC and TPR at 1%, pooled and as the mean over sources."""
    low = np.asarray(score(harmless), dtype=float)
    high = {name: np.asarray(score(texts), dtype=float) for name, texts in attacks.items()}
    heap = np.concatenate(list(high.values()))
    means = np.mean([(auroc(one, low), caught_at(one, low)) for one in high.values()], axis=0)
    return auroc(heap, low), caught_at(heap, low), float(means[0]), float(means[1])


def told(on: str, size: int, name: str, figures: Array, runs: int) -> dict[str, Any]:
    """A row of the table; the targets hold with 300 pilot texts."""
    keys = ("AUROC pooled", "TPR pooled", "AUROC mean", "TPR mean")
    row = {"what": "quality", "on": f"{on}, {runs} runs", "pilot texts": size, "named": name}
    row |= dict(zip(keys, map(float, figures), strict=True))
    if size == 300 and name == "with rules":
        row["met"] = bool(figures[0] >= 0.88 and figures[1] >= 0.45)
    return row


@cache
def trained(names: tuple[str, ...]) -> Model:
    """A model of these families, with our own templates and the shipped rules."""
    return train([one.source for one in files() if one.family in names], as_of=DATED, detectors=[rules()])


@cache
def rules() -> RuleBook:
    """The playbook's rules."""
    policy = read_policy(find_workspace(ROOT), ("guardrails",)).guardrails
    return compile_rules(policy.rules)


@cache
def files() -> list[File]:
    """Every file, large ones cut to a fixed sample."""
    found = []
    for path in sorted(DATA.glob("*_[01].jsonl")):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        kept = np.sort(np.random.default_rng(0).permutation(len(lines))[:TRAINED_EACH])
        texts, labels = tuple(lines[at]["text"] for at in kept), tuple(int(lines[at]["label"]) for at in kept)
        family = path.stem.rpartition("_")[0] if path.stem.startswith(UNLICENSED) else path.stem.partition("_")[0]
        found.append(File(family, Source(path.stem, texts, labels)))
    return found


def texts_of(family: str, attack: bool) -> list[str]:
    """The distinct texts of a family in a fixed random order."""
    texts = sorted(
        {text for one in files() if one.family == family and one.attack is attack for text in one.source.texts}
    )
    return [texts[at] for at in np.random.default_rng(1).permutation(len(texts))]


def mixed(families: Sequence[str], each: int = 700) -> list[str]:
    """Harmless texts of these families, at most so many of each, in a fixed random order."""
    texts = [text for family in families for text in texts_of(family, False)[:each]]
    return [texts[at] for at in np.random.default_rng(2).permutation(len(texts))]


def attacks_of(families: Sequence[str]) -> dict[str, list[str]]:
    """Attacks by family; the mark of the unlicensed stands for all of them."""
    known = sorted({one.family for one in files() if one.attack})
    asked = [one for one in known if one in families or (UNLICENSED in families and one.startswith(UNLICENSED))]
    return {family: texts_of(family, True)[:JUDGED_EACH] for family in asked}


def expected_error(probability: Array, labels: Array, bins: int = 10) -> float:
    """Expected calibration error over ten bins of equal width. Source: Naeini, Cooper & Hauskrecht 2015."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [abs((labels[place == one] - probability[place == one]).sum()) for one in range(bins)]
    return float(np.sum(gaps) / len(labels))


def per_second(score: Score, texts: list[str]) -> float:
    """Texts per second of processor time."""
    score(texts[:5])
    start = time.process_time()
    score(texts)
    return len(texts) / (time.process_time() - start)


def stackone() -> Score:
    """stackone-defender, by its own weights (ONNX)."""
    importlib.import_module("onnxruntime")
    importlib.import_module("stackone_defender")
    from pilotage.guardrails.detectors.stackone import StackOne

    return StackOne().score


def forcefield() -> Score:
    """forcefield's rules and ONNX model.

    Where that model does not load the package falls back to a pickle without a word: that way is barred before anything
    is loaded, and the peer is then left out.
    """
    importlib.import_module("onnxruntime")
    model = importlib.import_module("forcefield.ml")
    model._load_joblib = lambda: None
    if model._load_onnx() is None:
        raise LeftOut("its ONNX model does not load here, and its other form is a pickle, which is never loaded")
    guard = importlib.import_module("forcefield").Guard(telemetry=False)
    return lambda texts: np.array([guard.scan(text).risk_score for text in texts])


def unplug() -> Score:
    """unplug-ai's regular expressions."""
    guard = importlib.import_module("unplug").Guard()
    return lambda texts: np.array([guard.scan(text).risk_score for text in texts])


# prompt-guardrail's weights are a pickle, and open-guardrail is no Python package: neither is run here.
PEERS: dict[str, Callable[[], Score]] = {
    "stackone-defender": stackone,
    "forcefield": forcefield,
    "unplug-ai": unplug,
}
