"""Which of our columns, values and tables a name elsewhere stands for."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from pilotage.records.synonyms_columns import COLUMNS
from pilotage.records.synonyms_languages import LANGUAGES

FILES: dict[str, str] = {
    "cases": "cases tickets incidents requests orders vorgange falle auftrage rechnungen pratiche dossiers expedientes",
    "events": "events log eventlog steps history ereignisse verlauf eventi evenements eventos",
    "interactions": "interactions runs traces sessions conversations",
    "model_calls": "model_calls llm_calls generations spans",
    "tool_calls": "tool_calls tools actions function_calls",
    "labels": "labels annotations scores",
    "feedback": "feedback ratings thumbs",
    "reviews": "reviews approvals",
    "texts": "texts prompts injections",
    "costs": "costs budget ledger",
    "training": "training courses",
}

VALUES: dict[str, dict[str, str]] = {
    "outcome": {
        "answered": (
            "answered ok success succeeded completed done resolved solved posted beantwortet erledigt gelöst risposto "
            "risolto repondu resolu respondido resuelto"
        ),
        "escalated": (
            "escalated transferred handed_over handoff human asked transfer eskaliert weitergeleitet übergeben "
            "escalato trasferito escalade transfere escalado transferido"
        ),
        "refused": "refused declined rejected blocked abgelehnt verweigert rifiutato refuse rechazado",
        "error": "error failed failure exception timeout crashed fehler fehlgeschlagen errore erreur",
    },
    "status": {
        "ok": "ok success succeeded completed done unset status_code_ok status_code_unset default 200",
        "error": "error failed failure exception status_code_error 500",
        "timeout": "timeout timed_out deadline_exceeded",
    },
    "kind": {
        "positive": "positive up thumbs_up like good 1",
        "negative": "negative down thumbs_down dislike bad 0 -1",
        "correction": "correction corrected edited edit",
        "planned": "planned plan budget",
        "actual": "actual spent booked",
    },
    "decision": {
        "approve": "approve approved accept accepted yes genehmigt freigegeben approvato approuve aprobado",
        "reject": "reject rejected deny denied no abgelehnt respinto rifiutato rejete refuse rechazado",
        "correct": "correct corrected edited changed korrigiert geändert corretto corrige corregido",
    },
    "source": {
        "human": "human person annotator user",
        "judge": "judge llm model llm_judge",
        "rule": "rule code heuristic",
    },
    "side": {"input": "input in prompt user", "output": "output out answer response assistant"},
    "stream": {"uniform": "uniform random", "guided": "guided targeted"},
    "phase": {"baseline": "baseline before", "pilot": "pilot test trial", "production": "production live prod after"},
}

TRUE_MEANS = {  # a flag of theirs, by its name, against our word for true and for false
    "outcome": {"escalated": "transferred_to_human escalated handed_over handoff is_escalated"},
    "status": {"error": "error is_error failed", "ok": "success ok"},
}
FALSE_MEANS = {"escalated": "answered", "error": "ok", "ok": "error"}


TRUTH = {  # a flag in other words than the schema's own
    True: "y t x ja j wahr oui o vrai si s vero verdadero",
    False: "n f nein falsch non faux no falso",
}
_TWO_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue"}
_FOLDED = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"})
_BRACKETED = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*$")


def plain(name: str) -> str:
    """A name without case, signs and accents: `case:concept:name` is case_concept_name, `Eröffnet am` eroffnet_am.

    `promptTokens` and `Prompt Tokens` are alike.
    """
    split = re.sub(r"([a-z0-9äöüß])([A-ZÄÖÜ])", r"\1_\2", unicodedata.normalize("NFC", name))
    letters = unicodedata.normalize("NFKD", split.lower().translate(_FOLDED))
    bare = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return re.sub(r"[^0-9a-z]+", "_", bare).strip("_")


def rank(table: str, column: str, theirs: str) -> int | None:
    """How telling a name is for our column: 0 is our own name; None where it is not among its names.

    A unit in brackets at the end, as in `Latency (ms)`, may be left out of the comparison.
    """
    names = _names(table, column)
    places = [names[form] for form in (plain(theirs), plain(_BRACKETED.sub("", theirs))) if form in names]
    return min(places, default=None)


@cache
def _names(table: str, column: str) -> dict[str, int]:
    """Every name of our column against its place; a name with an umlaut also in two letters."""
    words = " ".join(group.get(table, {}).get(column, "") for group in (COLUMNS, LANGUAGES)).split()
    names: dict[str, int] = {}
    for place, word in enumerate([column, *words]):
        names.setdefault(plain(word), place)
        names.setdefault(plain("".join(_TWO_LETTERS.get(sign, sign) for sign in word)), place)
    return names


def truth(value: str) -> bool | None:
    """What a yes or no in another language says; None where it is neither."""
    return next((said for said, words in TRUTH.items() if plain(value) in words.split()), None)


def meaning(column: str, allowed: tuple[str, ...], value: str) -> str | None:
    """Our word for one of their values; None where nothing is known."""
    words = {ours: theirs.split() for ours, theirs in VALUES.get(column, {}).items() if ours in allowed}
    return next((ours for ours, theirs in words.items() if plain(value) in [*map(plain, theirs)]), None)
