"""A model's file: one .npz of plain arrays, the same bytes for the same model, nothing in it that could run."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pilotage.errors import PilotageError
from pilotage.guardrails.classifier.calibration import Floats, Joint, Platt
from pilotage.guardrails.classifier.cues import Cues
from pilotage.guardrails.classifier.features import Features
from pilotage.guardrails.classifier.model import Linear, Model, Replay
from pilotage.guardrails.classifier.pieces import Windows
from pilotage.guardrails.classifier.seen import Seen
from pilotage.hashes import canonical_json

Arrays = Mapping[str, np.ndarray[Any, Any]]
FORMAT = 1
SHIPPED = Path(__file__).with_name("shipped.npz")
_ADVICE = "name a file that `pilotage guard train` or an approved proposal wrote"


@cache
def shipped() -> Model:
    """The model that comes with pilotage; its card is MODEL_CARD.md beside it."""
    return load(SHIPPED)


def load(path: Path, sha256: str | None = None) -> Model:
    """The model in the file; PilotageError where it is missing, has another hash than given, or holds no such model."""
    try:
        content = path.read_bytes()
    except OSError:
        raise PilotageError("there is no model file", str(path), _ADVICE) from None
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and sha256.lower() != found:
        what = f"this is not the model that was named: its hash is {found[:12]}…, not {sha256[:12]}…"
        raise PilotageError(what, str(path), "restore the file, or propose the change of model")
    try:
        return from_bytes(content)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError, OSError, zipfile.BadZipFile):
        raise PilotageError("this file holds no model of the classifier", str(path), _ADVICE) from None


def save(model: Model, path: Path) -> str:
    """Write the model's file, whole or not at all; its SHA-256 comes back."""
    content = to_bytes(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    os.replace(part, path)
    return hashlib.sha256(content).hexdigest()


def sealed(model: Model) -> Model:
    """The model as it will be read back from its file, to the bit, with its hash."""
    return from_bytes(to_bytes(model))


def to_bytes(model: Model) -> bytes:
    """The bytes of the model's file."""
    arrays: dict[str, Any] = {
        **_weights(model),
        **_replay(model.replay),
        **{f"reference:{name}": values.astype(np.float32) for name, values in model.reference.items()},
        "seen_hashes": model.seen.hashes,
        "seen_held_out": model.seen.held_out.astype(np.float32),
        "facts": np.frombuffer(canonical_json(_facts(model)).encode(), dtype=np.uint8),
    }
    target = io.BytesIO()
    np.savez_compressed(target, **arrays)
    return target.getvalue()


def from_bytes(content: bytes) -> Model:
    """The model in the bytes of a file; ValueError or KeyError for anything else. Nothing in it is run."""
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    facts = json.loads(arrays["facts"].tobytes())
    if facts["format"] != FORMAT:
        raise ValueError("another format")
    features = _features(facts["features"])
    return Model(
        features,
        Windows(**facts["windows"]),
        _linear(arrays, facts, features),
        Platt(*facts["own"]),
        _replayed(arrays),
        {name: values.astype(np.float64) for name, values in _named(arrays, "reference:").items()},
        {name: Joint(tuple(weights), at) for name, (weights, at) in facts["joint"].items()},
        Seen(arrays["seen_hashes"], arrays["seen_held_out"].astype(np.float64)),
        facts["meta"],
        hashlib.sha256(content).hexdigest(),
    )


def _facts(model: Model) -> dict[str, Any]:
    """What is no array, as JSON: the ideas' entries too, so that editing a rule or a word list changes no model."""
    features, windows = model.features, model.windows
    return {
        "format": FORMAT,
        "features": {
            "cues": [[name, list(entries)] for name, entries in features.cues.ideas.items()],
            "characters": features.characters,
            "words": features.words,
            "bits": features.bits,
            "cue_value": features.cue_value,
        },
        "windows": {"length": windows.length, "overlap": windows.overlap, "allowance": windows.allowance},
        "intercept": model.linear.intercept,
        "own": [model.own.slope, model.own.intercept],
        "joint": {name: [curve.weights, curve.intercept] for name, curve in model.joint.items()},
        "meta": dict(model.meta),
    }


def _features(facts: dict[str, Any]) -> Features:
    cues = Cues({name: tuple(entries) for name, entries in facts["cues"]})
    return Features(cues, tuple(facts["characters"]), tuple(facts["words"]), facts["bits"], facts["cue_value"])


def _weights(model: Model) -> dict[str, Any]:
    """The weights in 8 bits, each sort of column on its own scale; those that round to nothing are left out."""
    weights, sort = model.linear.weights, _sorts(model.features)
    scales = np.array([np.abs(weights[sort == one]).max(initial=0.0) / 127 or 1.0 for one in range(3)], np.float32)
    values = np.rint(weights / scales[sort]).astype(np.int8)
    kept = np.flatnonzero(values)
    return {"weights": values[kept], "columns": np.diff(kept, prepend=0).astype(np.uint32), "scales": scales}


def _linear(arrays: Arrays, facts: dict[str, Any], features: Features) -> Linear:
    columns = np.cumsum(arrays["columns"].astype(np.int64))
    weights = np.zeros(features.width)
    scales = arrays["scales"].astype(np.float64)
    weights[columns] = arrays["weights"] * scales[_sorts(features)[columns]]
    return Linear(weights, float(facts["intercept"]))


def _sorts(features: Features) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(np.minimum(np.arange(features.width) >> features.bits, 2))


def _replay(replay: Replay) -> dict[str, Any]:
    steps = np.diff(replay.columns, prepend=0)
    first = replay.starts[:-1][np.diff(replay.starts) > 0]
    steps[first] = replay.columns[first]
    return {
        "replay_columns": steps.astype(np.uint32),
        "replay_counts": np.diff(replay.starts).astype(np.uint16),
        "replay_attack": replay.attack.astype(np.uint8),
        **{f"replay:{name}": values.astype(np.float32) for name, values in replay.held_out.items()},
    }


def _replayed(arrays: Arrays) -> Replay:
    counts = arrays["replay_counts"].astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    steps = np.cumsum(arrays["replay_columns"].astype(np.int64))
    before = np.concatenate([[0], steps])[starts[:-1]]
    columns = steps - np.repeat(before, counts)
    held_out = {name: values.astype(np.float64) for name, values in _named(arrays, "replay:").items()}
    return Replay(columns, starts, arrays["replay_attack"].astype(np.int64), held_out)


def _named(arrays: Arrays, prefix: str) -> dict[str, Floats]:
    return {name.removeprefix(prefix): values for name, values in sorted(arrays.items()) if name.startswith(prefix)}
