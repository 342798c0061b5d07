"""SQL text as a fingerprint and its literals: what is left of a statement when its values are taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<blank>\s+ | --[^\n]*)
      | (?P<comment>/\*)
      | (?P<text>[eE]'(?:[^'\\]|\\.|'')*(?:'|$) | [bBnNxX]?'(?:[^']|'')*(?:'|$))
      | (?P<dollar>\$(?P<tag>[A-Za-z_]\w*|)\$)
      | (?P<name>"(?:[^"]|"")*(?:"|$) | `(?:[^`]|``)*(?:`|$))
      | (?P<parameter>\$\d+ | \? | (?<!:):[A-Za-z_]\w* | %s | %\(\w+\)s)
      | (?P<number>(?:0[xX][0-9a-fA-F]+ | (?:\d+(?:\.\d*)? | \.\d+)(?:[eE][+-]?\d+)?)(?!\w) | \d\w*)
      | (?P<word>[^\W\d][\w$]*)
      | (?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_VALUE = "?"
_PAGING = ("limit", "offset")
# After these a minus belongs to the number.
_BEFORE_A_SIGN = frozenset("(,=<>+-*/%|") | {"select", "where", "and", "or", "between", "then", "else", "when", "by"}


@dataclass(frozen=True)
class Statement:
    """One statement: `fingerprint` without literals, lists of them as one, comments and spacing gone.

    `literals` are (place, value) in order: the place is "literal 1" and so on, or "limit" and "offset" after these
    words; the value is None for a parameter, which the text does not give.
    """

    fingerprint: str
    literals: tuple[tuple[str, str | None], ...]


def statement(text: str) -> Statement:
    """The statement taken apart; any text will do, in linear time."""
    pieces: list[tuple[str, str | None, bool]] = []
    for kind, piece in _tokens(text):
        if kind in ("text", "number", "parameter"):
            value = None if kind == "parameter" else piece
            if value and len(pieces) > 1 and pieces[-1][0] == "-" and pieces[-2][0] in _BEFORE_A_SIGN:
                pieces.pop()
                value = f"-{value}"
            pieces.append((_VALUE, value, True))
        else:
            pieces.append((piece.lower() if kind == "word" else piece, None, False))
    while pieces and pieces[-1][0] == ";":
        pieces.pop()
    return _folded(pieces)


def _tokens(text: str) -> list[tuple[str, str]]:
    """The tokens with their kinds, blanks and comments left out; what is torn at the end counts to the end."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:  # cannot be: any sign is a token
            break
        kind, at = match.lastgroup or "sign", match.end()
        if kind == "comment":
            at = _after_comment(text, at)
        elif match["dollar"] is not None:
            end = text.find(match["dollar"], at)
            at = len(text) if end < 0 else end + len(match["dollar"])
            found.append(("text", text[match.start() : at]))
        elif kind != "blank":
            found.append((kind, match[0]))
    return found


def _after_comment(text: str, at: int) -> int:
    """The place after a comment that may hold others, as PostgreSQL has it."""
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(text, at)):
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return len(text) if depth else at


def _folded(pieces: list[tuple[str, str | None, bool]]) -> Statement:
    """The pieces joined; a list in brackets of nothing but values is one value, whatever its length."""
    words: list[str] = []
    literals: list[tuple[str, str | None]] = []
    at = 0
    while at < len(pieces):
        word, value, literal = pieces[at]
        end = _list_end(pieces, at)
        if end and words and words[-1] == "in":
            inside = [one for _, one, is_value in pieces[at:end] if is_value]
            literals.append((f"literal {len(literals) + 1}", None if None in inside else ", ".join(map(str, inside))))
            words.append("(?)")
            at = end
            continue
        if literal:
            place = words[-1] if words and words[-1] in _PAGING else f"literal {len(literals) + 1}"
            literals.append((place, value))
        words.append(word)
        at += 1
    return Statement(" ".join(words), tuple(literals))


def _list_end(pieces: list[tuple[str, str | None, bool]], at: int) -> int:
    """Behind the closing bracket of a list of values that begins here; 0 where none does."""
    if pieces[at][0] != "(" or pieces[at][2]:
        return 0
    spot = at + 1
    while spot + 1 < len(pieces) and pieces[spot][2]:
        if pieces[spot + 1][0] == ")":
            return spot + 2
        if pieces[spot + 1][0] != ",":
            return 0
        spot += 2
    return 0
