"""Characters that look like others or cannot be seen: removed or read as what they stand for."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import numpy as np

from pilotage.guardrails.views.view import Step, View, edited, placed, same_places

# Zero-width and bidirectional controls, soft hyphen, fillers, tags; joiners and variation selectors apart.
_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e01ef"
)
_JOINERS = "\u200d\ufe00-\ufe0f"  # an emoji's own hide nothing; those between letters do
UNSEEN = re.compile(f"[{_HIDDEN}{_JOINERS}]")
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
# Other forms of letters, digits and spaces. Punctuation in full width is ordinary Chinese and Japanese.
_FORMS = (
    "\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u1d00-\u1dbf\u02b0-\u02b8\u02e1-\u02e3\u2070-\u209c\u2100-\u2102"
    "\u2104-\u2108\u210a-\u2115\u2119-\u211d\u2124\u2126-\u2131\u2133-\u2139\u2145-\u2149\u2160-\u217f\u2460-\u24ff\u2c7c"
    "\u2c7d\ua730\ua731\ua7f8\ua7f9\ufb00-\ufb06\ufb50-\ufdff\ufe70-\ufefc\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
    "\uff66-\uffdc\U0001d400-\U0001d7ff\U0001ee00-\U0001eeff\U0001f100-\U0001f1ff"
)
_PHONETIC = "\u0250-\u0299\u029c\u029f"
_SMALL_CAPITALS = str.maketrans(
    "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢɑɡɩɐɔǝɟɥᴉɯɹʇʌʍʎ",
    "abcdefghijklmnopqrstuvwyzagiacefhimrtvwy",
)
# Letters of other scripts that look like a Latin one (a selection of Unicode TR 39).
_LOOKALIKE = str.maketrans(
    "авесікорԛѕтухһԁԍԝјӏмнгпьйѐёєїџ" + "АВЕСІКОРЅТУХҺԌԜЈӀМНЁЇЄ" + "αβεικνορτυχωγηµμκϲϳςάέήίόύώϊϋΐσδ"
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ" + "օսհոցզաւՕՏԼ" + "ᎠᎡᎢᎥᎪᎬᎳᎷᎻᏀᏃᏒᏚᏟᏢᏦᏴꓐꓑꓒꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ",
    "abecikopqstyxhdgwjlmhrnbneeeiu" + "ABECIKOPSTYXHGWJIMHEIE" + "abeiknoptuxwynuukcjcaenioywiuiod"
    "ABEZHIKMNOPTYXC" + "ouhngquuOSL" + "DRTiAEWMHGZRSCPKBBPDDTGKJCZFMNLSRVHWXYAEIOU",
)
_FOREIGN = "".join(chr(code) for code in _LOOKALIKE)
_FOREIGN_WORD = re.compile(r"(?<![^\W\d_])[A-Za-z]*[^\W\d_A-Za-z][^\W\d_]*")
_MARKS = "\u0300-\u036f"
_ACCENTS = f"\u00c0-\u024f{_MARKS}\u1e00-\u1eff"
_ACCENTED = re.compile(f"[{_ACCENTS}]")
_ACCENTED_SHARE = 0.25  # of the Latin letters; more than languages write, Vietnamese apart


def _visible(view: View) -> View:
    """Without invisible characters; a run of tags is read as the ASCII it stands for, as words of its own."""
    runs = ((match.start(), match.end(), match.group()) for match in _TAGS.finditer(view.text))
    view = edited(view, "tags", [(start, end, f" {''.join(map(_untagged, tags))} ") for start, end, tags in runs])
    return _translated(view, "invisible characters", {ord(sign): "" for sign in set(view.text) if UNSEEN.match(sign)})


def _untagged(tag: str) -> str:
    return chr(ord(tag) - 0xE0000)


def _plain_forms(view: View) -> View:
    """Full-width, mathematical, circled, squared letters, small capitals and unusual spaces as the plain ones."""
    signs = {sign: _plain(sign) for sign in set(view.text) if sign >= "\u00a0"}
    return _translated(view, "letter forms", {ord(sign): plain for sign, plain in signs.items() if plain != sign})


@cache
def _plain(sign: str) -> str:
    code = ord(sign)
    if 0x1F130 <= code <= 0x1F149 or 0x1F150 <= code <= 0x1F169 or 0x1F170 <= code <= 0x1F189:  # squared, circled
        return chr((code - 0x1F130) % 32 + 65)
    if 0x1F1E6 <= code <= 0x1F1FF:  # regional indicators, that is flags
        return chr(code - 0x1F1E6 + 65)
    if code in (0x2028, 0x2029):
        return "\n"
    return unicodedata.normalize("NFKC", sign).translate(_SMALL_CAPITALS) if _has_plain_form(sign) else sign


def _has_plain_form(sign: str) -> bool:
    """Whether the sign is another form of plain ones; not where a language spells with it, as Thai does."""
    if "\u00a0" < sign < "\u0250" or "\u0e00" <= sign <= "\u0fff" or sign in "\u2103\u2109\u2116\u2122":
        return sign == "ǫ"
    return unicodedata.decomposition(sign).startswith("<") or ord(sign) in _SMALL_CAPITALS


def _composed(view: View) -> View:
    """Combining accents joined with their letter; of a stack of them only the first is kept."""
    found = re.finditer(f"[^{_MARKS}][{_MARKS}]+", view.text)
    edits = [(m.start(), m.end(), unicodedata.normalize("NFC", m.group()[:2])) for m in found]
    return edited(view, "accents", edits)


def _one_script(view: View) -> View:
    """Lookalikes as Latin letters in each word that mixes scripts, or that consists of nothing but lookalikes."""
    return same_places(view, "homoglyphs", _FOREIGN_WORD.sub(_unmixed, view.text))


def _unmixed(match: re.Match[str]) -> str:
    word = match.group()
    read = word.translate(_LOOKALIKE)
    return read if read.isascii() or any(sign.isascii() for sign in word) else word


def _unaccented(view: View) -> View:
    """Without accents, where more letters have one than in any language's own spelling."""
    text = view.text
    accented = len(_ACCENTED.findall(text))
    if accented <= _ACCENTED_SHARE * sum(map(len, re.findall("[A-Za-z]+", text))):
        return view
    signs = {sign: unicodedata.normalize("NFKD", sign) for sign in set(text) if _ACCENTED.match(sign)}
    return _translated(view, "accents", {ord(sign): re.sub(f"[{_MARKS}]", "", plain) for sign, plain in signs.items()})


def _translated(view: View, name: str, changed: dict[int, str]) -> View:
    """The view with single characters read as others, more or none."""
    text = view.text.translate(changed)
    if all(len(plain) == 1 for plain in changed.values()):
        return same_places(view, name, text)
    codes = np.frombuffer(view.text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    lengths = np.ones(len(codes), dtype=np.int64)
    for code, plain in changed.items():
        if len(plain) != 1:
            lengths[codes == code] = len(plain)
    begins = np.repeat(np.arange(len(codes), dtype=np.int64), lengths)
    return placed(view, name, text, begins, begins + 1)


STEPS = (
    Step("invisible characters", rf"[{_HIDDEN}]|[\pL\pN][{_JOINERS}]", _visible),
    Step("letter forms", f"[{_FORMS}]|[{_PHONETIC}]{{2}}", _plain_forms),
    Step("composed accents", f"[{_MARKS}]", _composed),
    Step("homoglyphs", f"[A-Za-z][{_FOREIGN}]|[{_FOREIGN}][A-Za-z]", _one_script),
    Step("accents", rf"(?:[{_ACCENTS}]\pL{{0,2}}\s?){{3}}", _unaccented),
)
