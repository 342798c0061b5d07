"""Words that were pulled apart, written with digits for letters, misspelt, reversed or shifted by 13 letters."""

from __future__ import annotations

import codecs
import re
import string
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from pilotage.guardrails.views.view import Edit, Step, View, edited, placed, same_places
from pilotage.guardrails.views.vocabulary import corrected, known, parted, skeletons

_GAP = r"[ .,*_\-/|~+·•:\\]{1,5}"
_SPACED = re.compile(rf"(?<![^\W_])[^\W_](?:{_GAP}[^\W_](?![^\W_])){{4,}}")
_JOINED_LETTERS = 4  # of the longest word in a run; initials have fewer
_UNKNOWN_LETTERS = 10  # of a run that the vocabulary does not know; lists (a, b, c) have fewer
_LEET = re.compile(
    r"(?<![^\W_])(?<![@$€|!+/=])(?:[^\W\d_]+[0-9@$€|!+](?![\s.,]|$)|[^\W\d_]+[0-9]|[0-9@$€|!+]+[^\W\d_])"
    r"(?:[^\W_]|[@$€]|[|!+](?=\w))*"
)
_ALONE = re.compile(r"(?<![^\s\"'(])[013457@$]{1,3}(?![^\s\"'.,;:!?)])")  # 4, 15, 70: a, is, to
_DIGITS = str.maketrans("0134578926@$€|!+", "oieastbgzgaseiit")
_LEET_SHARE = 0.3  # of the words, from which on digits for letters are the style of the whole text
_LEET_MIN = 3
_LEET_LETTERS = 4  # of a word of the vocabulary that gives the style away; A11 alone is a part number
_LEET_SIGNS = frozenset("013457@$€|!+")
_MISSPELT_SHARE = 0.02  # of the words
_FEW = 10
_SEPARATORS = str.maketrans(dict.fromkeys(string.digits + string.punctuation + string.whitespace, " "))


def _rejoined(view: View) -> View:
    """Letters that were pulled apart (i g n o r e, i-g-n-o-r-e), put together as words again."""
    return edited(view, "spacing", [edit for match in _SPACED.finditer(view.text) for edit in _joined(match)])


def _joined(match: re.Match[str]) -> Iterator[Edit]:
    """One edit for each word in a run of single letters; none where the run is a list or a row of initials.

    The gap seen most often parts letters, any other parts words; where there is one gap only, the vocabulary tells.
    """
    run, at = match.group(), match.start()
    places = [place for place, sign in enumerate(run) if sign.isalnum()]
    words = _words("".join(run[place] for place in places), [run[a + 1 : b] for a, b in pairwise(places)])
    done = 0
    for word in words if _convincing(words) else ():
        last, done = places[done + len(word) - 1], done + len(word)
        end = places[done] if done < len(places) else last + 1
        yield at + places[done - len(word)], at + end, word + (" " if end > last + 1 else "")


def _convincing(words: list[str]) -> bool:
    """Whether letters outweigh digits, and there is a long word, or a known one."""
    letters = "".join(words)
    if 2 * sum(map(str.isalpha, letters)) <= len(letters):
        return False
    if len(words) == 1 and letters.isascii():
        return len(letters) >= _UNKNOWN_LETTERS or letters.lower() in known()
    return max(map(len, words)) >= _JOINED_LETTERS


def _words(letters: str, gaps: list[str]) -> list[str]:
    usual = Counter(gaps).most_common(1)[0][0]
    ends = [place for place, gap in enumerate(gaps, 1) if gap != usual]
    if not ends:
        return parted(letters)
    return [letters[start:end] for start, end in pairwise([0, *ends, len(letters)])]


def _unleeted(view: View) -> View:
    """Digits and signs that stand for letters read as those (1gn0r3), where that makes words of the vocabulary.

    Or where nearly a third of all words is written so. Order numbers and part numbers alone change nothing.
    """
    mixed = list(_LEET.finditer(view.text))
    edits = [(match.start(), match.end(), _letters(match.group())) for match in mixed]
    told = any(len(new) >= _LEET_LETTERS and new.lower() in known() for _, _, new in edits)
    styled = sum(1 for match in mixed if _styled(match.group()))
    if not told and (styled < _LEET_MIN or styled < _LEET_SHARE * len(view.text.split())):
        return view
    alone = ((match, match.group().translate(_DIGITS)) for match in _ALONE.finditer(view.text))
    edits += [(match.start(), match.end(), new) for match, new in alone if new in known()]
    return edited(view, "digits for letters", sorted(edits))


def _styled(word: str) -> bool:
    """Whether letters, and signs that stand for some, make a word; hashes and part numbers have other digits too."""
    letters = sum(map(str.isalpha, word))
    return 2 * letters >= len(word) and all(sign.isalpha() or sign in _LEET_SIGNS for sign in word)


def _letters(word: str) -> str:
    plain = word.translate(_DIGITS)
    return skeletons().get(plain.lower().replace("l", "i"), plain)


def respelt(view: View) -> View:
    """Key words of attacks that are misspelt by one letter, spelt right; other words stay as they are.

    Where many keys are misspelt, everyday words between them are put right too.
    """
    words = view.text.lower().translate(_SEPARATORS).split()
    different = set(words)
    right = {word: key for word in different if (key := corrected(word))}
    if not right:
        return view
    if len(right) >= _MISSPELT_SHARE * len(words):
        right |= {word: key for word in different if (key := corrected(word, common=True))} | right
    found = ((match, right.get(match.group().lower())) for match in _wrong(right).finditer(view.text))
    return edited(view, "spelling", [(match.start(), match.end(), key) for match, key in found if key])


def _wrong(right: dict[str, str]) -> re.Pattern[str]:
    """What finds the misspelt words; many together are found faster among all words than one by one."""
    words = "|".join(sorted(right)) if len(right) <= _FEW else r"[^\W\d_]{3,20}"
    return re.compile(rf"(?<![^\W\d_])(?:{words})(?![^\W\d_])", re.IGNORECASE)


def _shifted(view: View) -> View:
    return same_places(view, "rot13", codecs.encode(view.text, "rot13"))


def _reversed(view: View) -> View:
    begins = np.arange(len(view.text) - 1, -1, -1, dtype=np.int64)
    return placed(view, "backwards", view.text[::-1], begins, begins + 1)


BRANCHES = (  # of the whole text, beside it: they hide what is not written so
    Step("rot13", "(?i)vtaber|vafgehpgvba|cerivbhf|flfgrz cebzcg|qvfertneq|lbhe cebzcg|erirny", _shifted),
    Step("backwards", "(?i)erongi|snoitcurtsni|suoiverp|tpmorp|metsys|dragersid|laever", _reversed),
)
STEPS = (
    Step("spacing", rf"(?:^|[^\pL\pN])[\pL\pN](?:{_GAP}[\pL\pN]){{4}}(?:$|[^\pL\pN])", _rejoined),
    Step("digits for letters", r"\pL[0-9@$€|!+]|[0-9@$€|!+]\pL", _unleeted),
)
