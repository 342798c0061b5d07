"""Characters that people do not see and models read, and the scripts and emoji that need some of them."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0")
_JOINERS = "\u200c\u200d"
_MARKS = "\u200e\u200f\u061c"
_BREAKS = "\u200b\u2060"  # where a line may break, and where not, in scripts that put no blanks between words
_NO_BLANKS = ("THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "BALINESE", "JAVANESE", "TAI")
_HYPHEN = "\u00ad"  # where a word may be parted
_LAYOUT = "\n\r\t\v\f"


def hidden_in(text: str) -> list[str]:
    """The characters that people do not see, without those that scripts and emoji need."""
    right_to_left = any(unicodedata.bidirectional(one) in ("R", "AL") for one in text)
    return [
        one
        for at, one in enumerate(text)
        if (is_hidden(one) and not _needed(text, at, right_to_left)) or (_varies(one) and at and _varies(text[at - 1]))
    ]


def is_hidden(one: str) -> bool:
    """Whether nothing is drawn for the character."""
    if one in _UNSEEN or 0xE0100 <= ord(one) <= 0xE01EF:
        return True
    return unicodedata.category(one) in ("Cf", "Cc", "Co", "Cs") and one not in _LAYOUT


def _varies(one: str) -> bool:
    """Whether it says how the character before is drawn; a row of them draws nothing, and can spell a text."""
    return "\ufe00" <= one <= "\ufe0f"


def _needed(text: str, at: int, right_to_left: bool) -> bool:
    """Whether the hidden character stands where a script or an emoji needs it."""
    one, before = text[at], text[at - 1] if at else ""
    after = text[at + 1] if at + 1 < len(text) else ""
    if one in _JOINERS:
        return before > "\u02ff" and after > "\u02ff" and not is_hidden(before) and not is_hidden(after)
    if one in _MARKS:
        return right_to_left
    if one in _BREAKS:
        return _without_blanks(before) or _without_blanks(after)
    if one == _HYPHEN:
        return text[max(0, at - 2) : at].isalpha() and text[at + 1 : at + 3].isalpha() and len(text) > at + 2 and at > 1
    if 0xE0020 <= ord(one) <= 0xE007F:  # the flags of regions, such as Scotland's
        return "\U0001f3f4" in text[max(0, at - 7) : at]
    return one == "\ufeff" and at == 0


def _without_blanks(one: str) -> bool:
    return one != "" and unicodedata.name(one, "").startswith(_NO_BLANKS)
