"""Text that was encoded: base64, hex, percent signs, HTML entities, escapes; read where it gives readable text."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable

from pilotage.guardrails.views.characters import UNSEEN
from pilotage.guardrails.views.view import Step, View, edited
from pilotage.guardrails.views.vocabulary import known

_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_-])"
    r"(?:[A-Za-z0-9+/_-]{16,}(?:(?:\r?\n[A-Za-z0-9+/_-]{4,})+={0,2}|={0,2})|[A-Za-z0-9+/_-]{10,15}={1,2})"
)
_GROUPS = "|".join(  # of base64, with a blank or a dot between; 16 letters at least
    rf"[A-Za-z0-9+/_]{{{n}}}(?:[ .,:|-]{{1,2}}[A-Za-z0-9+/_]{{{n}}}){{3,}}" for n in (4, 8)
)
_GROUPED = re.compile(
    rf"(?<![A-Za-z0-9+/_])(?:{_GROUPS})(?:[ .,:|-]{{1,2}}[A-Za-z0-9+/_]{{1,7}})?={{0,2}}(?![A-Za-z0-9+/_])"
)
_BASE32 = re.compile(r"(?<![A-Za-z0-9])[A-Z2-7]{24,}={0,6}(?![A-Za-z0-9])")
_HEX = re.compile(
    r"(?:0x)?[0-9A-Fa-f]{16,}"
    r"|(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2,15}[\s:,-]{1,2}){2,}[0-9A-Fa-f]{2,15}(?![0-9A-Za-z])"
    r"|(?:(?:0x|\\x)[0-9A-Fa-f]{2}[\s,]{0,2}){8,}"
)
_HEX_MIN = 16
_BITS = re.compile(r"(?<!\d)[01]{8}(?:[\s,]{0,2}[01]{8}){5,}(?!\d)")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ENTITY = re.compile(r"(?:&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,10});)+")
_ESCAPE = re.compile(r"(?:\\+(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2}|[nrt\"/]))+")
_ONE_ESCAPE = re.compile(r"\\+(?:u\{?([0-9A-Fa-f]{1,6})\}?|x([0-9A-Fa-f]{2})|([nrt\"/]))")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_LETTERS_MIN = 0.6  # share of letters and blanks in what is worth reading
_JUNK = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\ufffd]+")  # no text: control bytes, bytes that are no UTF-8
_JUNK_SHARE = 0.1  # of a text that was padded with junk
_LONG = 24  # characters from which on control bytes between them are junk, however many
_FEW_BYTES = 512
_KINDS = bytes(49 + (code > 127) + (code > 193) for code in range(256))  # 1 ASCII, 2 within a character, 3 its first
_SIGNS_OF_TEXT = (b"1" * 16, b"32" * 5, b"322" * 4)
_STRETCH = 16  # characters between junk that are read for themselves
_WORD = re.compile("[a-z]{4,}")
_LETTER = re.compile(r"[^\W\d_]|\s")
_ENCODED = re.compile(r"[A-Za-z0-9+/_=\s-]{16,}|[0-9A-Fa-f\s:,-]{16,}|[01\s,]{48,}|(?:%[0-9A-Fa-f]{2}){8,}")


def readable(raw: bytes) -> str | None:
    """The bytes as text (UTF-8 or UTF-16) without the junk around it, or None if they do not read like language."""
    text = _text(raw)
    if not text or _ENCODED.fullmatch(text):  # encoded once more
        return text or None
    seen = UNSEEN.sub("", text)
    words = " " in seen.strip() or not seen.isascii() or any(word in known() for word in _WORD.findall(seen.lower()))
    return text if words and len(_LETTER.findall(seen)) >= _LETTERS_MIN * len(seen) else None


def _text(raw: bytes) -> str | None:
    """The text without junk; where there is much of it, the longer stretches between."""
    text = raw.decode(_encoding(raw), "replace")
    stretches = _JUNK.split(text)
    if len(stretches) == 1:
        return text
    foreign, clean = text.count("\ufffd"), sum(map(len, stretches))
    if foreign <= _JUNK_SHARE * len(text) and (clean >= _LONG or len(text) - clean <= _JUNK_SHARE * len(text)):
        return "".join(stretches)
    return " ".join(stretch for stretch in stretches if len(stretch) >= _STRETCH) or None


def _encoding(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    zeros = [4 * raw[at::2].count(0) >= len(raw) for at in (0, 1)]  # of Latin letters every second byte
    if zeros[0] == zeros[1]:
        return "utf-8"
    return "utf-16-be" if zeros[0] else "utf-16-le"


def _promising(raw: bytes) -> bool:
    """Whether many bytes may hold a text at all: decoding what holds none is slow."""
    return len(raw) <= _FEW_BYTES or any(sign in raw.translate(_KINDS) for sign in _SIGNS_OF_TEXT)


def _pieces(pattern: re.Pattern[str], read: Callable[[str], str | None], view: View, name: str) -> View:
    """The view with each piece of the pattern read; a piece that gives nothing readable stays."""
    found = ((match, read(match.group())) for match in pattern.finditer(view.text))
    return edited(view, name, [(match.start(), match.end(), new) for match, new in found if new is not None])


def _base64(view: View) -> View:
    return _pieces(_BASE64, _from_base64, view, "base64")


def _grouped(view: View) -> View:
    return _pieces(_GROUPED, lambda piece: _from_base64_run(re.sub("[^A-Za-z0-9+/_]", "", piece)), view, "base64")


def _from_base64(piece: str) -> str | None:
    """What the block says as a whole; line by line where its lines do not belong together."""
    lines = piece.split()
    whole = _from_base64_run("".join(lines))
    if len(lines) == 1 or (whole and (raw := _bytes("".join(lines))) and whole == raw.decode("utf-8", "replace")):
        return whole
    read = [_from_base64_run(line) for line in lines]
    return "\n".join(new or line for new, line in zip(read, lines, strict=True)) if any(read) else whole


def _from_base64_run(run: str) -> str | None:
    """What the run says from any of its first four letters on: what is glued to a block shifts it."""
    return _together([_bytes(run[at:]) for at in range(4)])


def _bytes(run: str) -> bytes:
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    bare = bare[: len(bare) - (len(bare) % 4 == 1)]
    return base64.b64decode(bare + "=" * (-len(bare) % 4))


def _together(ways: list[bytes]) -> str | None:
    """All that is readable among the ways to read a piece: mostly one of them, or none."""
    return " ".join(dict.fromkeys(text for raw in ways if _promising(raw) and (text := readable(raw)))) or None


def _base32(view: View) -> View:
    return _pieces(_BASE32, _from_base32, view, "base32")


def _from_base32(piece: str) -> str | None:
    bare = piece.rstrip("=")
    if len(bare) % 8 in (1, 3, 6):  # no such block; the last sign was cut off
        bare = bare[:-1]
    return readable(base64.b32decode(bare + "=" * (-len(bare) % 8)))


def _hex(view: View) -> View:
    return _pieces(_HEX, _from_hex, view, "hex")


def _from_hex(piece: str) -> str | None:
    digits = re.sub(r"0x|[^0-9A-Fa-f]+", "", piece)
    ways = [digits[at : at + (len(digits) - at) // 2 * 2] for at in (0, 1)]
    return _together([bytes.fromhex(way) for way in ways]) if len(digits) >= _HEX_MIN else None


def _bits(view: View) -> View:
    return _pieces(_BITS, _from_bits, view, "bits")


def _from_bits(piece: str) -> str | None:
    digits = re.sub(r"[^01]", "", piece)
    return readable(bytes(int(digits[at : at + 8], 2) for at in range(0, len(digits), 8)))


def _percent(view: View) -> View:
    return _pieces(_PERCENT, _from_percent, view, "percent signs")


def _from_percent(piece: str) -> str:
    return bytes.fromhex(piece.replace("%", "")).decode("utf-8", "replace")


def _entities(view: View) -> View:
    return _pieces(_ENTITY, html.unescape, view, "entities")


def _escapes(view: View) -> View:
    return _pieces(_ESCAPE, _from_escapes, view, "escapes")


def _from_escapes(piece: str) -> str:
    """The characters that a run of escapes stands for; halves of a pair (UTF-16, as in JSON) are joined."""
    text = _ONE_ESCAPE.sub(_from_escape, piece)
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _from_escape(match: re.Match[str]) -> str:
    code = match.group(1) or match.group(2)
    if not code:
        return {"n": "\n", "r": "\n", "t": "\t"}.get(match.group(3), match.group(3))
    number = int(code, 16)
    return chr(number) if number <= 0x10FFFF else "\ufffd"


def _smuggled(view: View) -> View:
    return _pieces(_SELECTORS, _from_selectors, view, "variation selectors")


def _from_selectors(piece: str) -> str | None:
    return readable(bytes(ord(sign) - (0xFE00 if sign < "\uff00" else 0xE0100 - 16) for sign in piece))


SMUGGLED = Step("variation selectors", "[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4}", _smuggled)
STEPS = (
    Step("percent signs", "%[0-9A-Fa-f]{2}.*%[0-9A-Fa-f]{2}", _percent),
    Step("entities", "&(?:#[0-9xX]|[A-Za-z]{2,10};)", _entities),
    Step("escapes", r"\\[uxnrt\"/]", _escapes),
    Step("hex", r"(?:[0-9A-Fa-f]{2}[\s:,-]{0,2}){8}|(?:(?:0x|\\x)[0-9A-Fa-f]{2}[\s,]{0,2}){8}", _hex),
    Step("bits", r"(?:[01]{8}[\s,]{0,2}){6}", _bits),
    Step("base32", "[A-Z2-7]{24}", _base32),
    Step("base64", "[A-Za-z0-9+/_-]{16}|[A-Za-z0-9+/_-]{10}=", _base64),
    Step("base64 in groups", _GROUPS, _grouped),
)
