"""Passwords, keys and tokens: known by the form their makers gave them, or by the word before them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pilotage.redact.found import Found
from pilotage.redact.key_forms import KEY_FORMS
from pilotage.redact.reading import Pattern, Reading, any_of

_PATTERNS = tuple((name, Pattern(pattern)) for name, pattern in KEY_FORMS)

_WORD = (
    r"pass ?(?:word|phrase|code|wd)|pwd|passwort|kennwort|passcode|contrase[nñ]a|clave|mot de passe|mdp|senha"
    r"|palavra-passe|wachtwoord|has[lł]o|heslo|jelsz[oó]|parol[aă]?|lozinka|geslo|adgangskode|l[oö]senord|passord"
    r"|salasana|κωδικ[οό]ς|пароль|парола|şifre|sifre|סיסמה|كلمة (?:المرور|السر)|पासवर्ड|密码|密碼|口令|パスワード"
    r"|비밀번호|รหัสผ่าน|mật khẩu|kata sandi"
)
_KEY = (
    r"(?:[a-z0-9]+[_.-])*(?:api|access|secret|private|auth|client|account|encryption|signing|master|service|app|license)"
    r"[ _.-]?(?:key|token|secret|id_token)|client[ _-]?secret"
    r"|(?:[a-z0-9]+[_-])*(?:secret|token|apikey|passwd|password|pwd)"
    r"|refresh[ _-]?token|session[ _-]?token|csrf[ _-]?token|security[ _-]?token|credentials?"
)
# A word for a secret, then = or : or "is", then a value up to a space or a quotation mark.
_TOLD = (
    rf"(?:^|[^A-Za-z0-9])(?:{_KEY}|{_WORD})[a-z]?[\"'`]?\s{{0,3}}"
    r"(=|:=|=>|:|：|->|\bis\b:?|\bist\b:?|\blautet\b:?|\best\b\s?:?|\bes\b:?|\bè\b:?|\bé\b:?|\bjest\b:?|\bto\b:?|是|は)"
    r"\s{0,3}"
    r"(\"[^\"\n\s.,;?!][^\"\n]{3,100}\"|'[^'\n\s.,;?!][^'\n]{3,100}'|`[^`\n\s][^`\n]{3,100}`|[^\s\"'`,;<>\[\](){}]{4,300})"
)
_SCREEN = any_of([pattern for _, pattern in KEY_FORMS])


def secrets(reading: Reading) -> Iterator[Found]:
    """Keys by their makers' forms, passwords in addresses, and what a word such as "password:" announces."""
    if _SCREEN.occurs(reading.data):
        for name, pattern in _PATTERNS:
            for start, end in pattern.spans(reading.data):
                if end > start:
                    yield Found("secret", start, end, 0.99, f"form of {name}")
    yield from _told(reading)


def _told(reading: Reading) -> Iterator[Found]:
    for match in _announced().finditer(reading.plain):
        start, end = match.span(2)
        value = reading.plain[start:end]
        quoted = value[0] in "\"'`"
        if quoted:
            start, end = start + 1, end - 1
        value = reading.plain[start:end].rstrip(".!?:")
        if looks_secret(value, bare="=" in match.group(1) or quoted):
            yield Found("secret", start, start + len(value), 0.9, "what a word for a password, key or token announces")


def looks_secret(value: str, bare: bool) -> bool:
    """Whether it reads like a password or key and not like a word of the sentence, a placeholder or a variable.

    `bare`: it was assigned or quoted, so that letters alone will do.
    """
    if value.startswith(("[", "$", "<", "{", "%", "*", "http", "os.", "process.", "env.")) or len(set(value)) < 3:
        return False
    if value.lower() in _NOT_SECRET or value.endswith(("()", "]")):
        return False
    kinds = [any(map(test, value)) for test in (str.isdigit, str.islower, str.isupper, lambda c: not c.isalnum())]
    mixed = value[1:] != value[1:].lower() and value != value.upper()
    if value.isdigit():
        return len(value) >= 4
    return (
        (kinds[0] and sum(kinds) > 1)
        or (mixed and kinds[1] and entropy_bits(value) > 14)
        or (kinds[3] and not value.replace("-", "").replace("'", "").isalpha())
        or (bare and len(value) >= 6)
    )


def entropy_bits(value: str) -> float:
    """Shannon's entropy of the characters times their number, in bits."""
    counts, n = Counter(value).values(), len(value)
    return -sum(count * math.log2(count / n) for count in counts)


_WORDS = """
none null true false string undefined optional required redacted hidden changed expired incorrect invalid wrong reset
correct forgotten missing empty example changeme your_password your_api_key
"""
_NOT_SECRET = frozenset(_WORDS.split())


@lru_cache(maxsize=1)
def _announced() -> Any:
    import re2

    options = re2.Options()
    options.case_sensitive, options.max_mem = False, 64 << 20
    return re2.compile(_TOLD, options)
