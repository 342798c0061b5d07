"""Tool poisoning: instructions to the model, or characters nobody sees, in what a server says of its tools.

The patterns are those of published attacks (Invariant Labs 2025, "tool poisoning"; CyberArk 2025, "full-schema
poisoning"). They are looked for in every text of a definition, as it stands and after normalising. Words can always be
chosen that no pattern knows: a pin that a person has read is the protection, this is the first look.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pilotage.integration.checks import Fault
from pilotage.integration.mcp.hidden import hidden_in, is_hidden

READ_CHARACTERS = 16_384  # of one text; no description that a model should read at every turn is longer
_BEFORE = r"(?:previous|prior|above|earlier|preceding|other|existing|all|system|safety|your)"
_PEOPLE = r"(?:the |your |any )?(?:user|human|customer|person|people|operator|anyone|anybody|reviewer)s?\b"
_NEVER = r"(?:do not|don't|don’t|dont|never|must not|should not|without|avoid)"
_THIS = r"(?:this|that|it|these|those|any of (?:this|it)|the (?:step|call|instructions?)|what you)"
_SECRETS = r"(?:private keys?|ssh keys?|api keys?|passwords?|credentials?|environment variables?|access tokens?)"
_TALK = (
    r"(?:(?:conversation|chat|message) (?:history|log|transcript)|(?:whole|full|entire) (?:conversation|chat)"
    r"|system prompt)\b(?! of (?:an?|the) )"
)
_OTHER = r"(?:any other|another|every other|all other|other) (?:\w{1,20} )?tools?\b"
PATTERNS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "tells the model to ignore other instructions": (
            rf"\b(?:ignore|disregard|forget|override|bypass|discard)\b[^.]{{0,40}}\b{_BEFORE}\b"
            r"[^.]{0,25}\b(?:instructions?|guidelines|directives|system prompts?|your (?:rules|prompts?|policies))\b"
            r"|\b(?:ignore|disregard|forget|override|bypass)\b[^.]{0,20}\b(?:your (?:system )?"
            r"(?:prompts?|rules|policies)|(?:safety|system) (?:rules|prompts?)|everything (?:above|before)"
            r"|what you were told)"
            r"|\b(?:ignorier\w{0,3}|vergiss|missachte)\b[^.]{0,40}\b(?:vorherig|bisherig|vorig|fruher|obig|all)\w{0,3}\b"
            r"[^.]{0,20}\banweisung"
            r"|\b(?:ignor[ae]|ignorad|olvida|desestima)\b[^.]{0,30}\binstrucciones\b"
            r"|\b(?:ignore[zr]?|oublie[zr]?|ne ti\w{1,5} pas compte)\b[^.]{0,30}\b(?:instructions|consignes)\b"
            r"[^.]{0,20}\bprecedent"
            r"|\b(?:ignor[ai]|ignorate|dimentica)\b[^.]{0,30}\bistruzioni\b"
            r"|\bигнорир\w{1,6}\b[^.]{0,30}\bинструкц|忽略[^。]{0,12}(?:指令|指示|提示)"
        ),
        "tells the model to hide something from people": (
            rf"\b{_NEVER}\b[^.]{{0,20}}\b(?:tell|telling|inform|informing|alert|alerting) {_PEOPLE}"
            rf"|\b{_NEVER}\b[^.]{{0,20}}\b(?:mention|mentioning|reveal|revealing|disclose|disclosing|show|say) {_THIS}"
            rf"[^.]{{0,20}}\bto {_PEOPLE}"
            rf"|\b(?:hide|keep|conceal) (?:{_THIS}|everything|all)\b[^.]{{0,20}}\bfrom {_PEOPLE}"
            rf"|\b{_PEOPLE}[^.]{{0,10}} (?:must|should|may) (?:not|never) (?:know|learn|see|notice) "
            r"(?:about )?(?:this|that|it)\b"
        ),
        "has a mark such as <IMPORTANT>": (
            r"<\s?/?\s?(?:important|system|secret|hidden|instructions?|admin|assistant|critical|override)\s?>"
            r"|\[/?inst\]|<\|[a-z_]{1,40}\|>"
        ),
        "names files that hold keys": (
            r"(?:~|/root|/home/\w{1,40}|\$home)/\.(?:ssh/(?!config\b|known_hosts\b)\S{0,40}|aws\b|gnupg\b|kube\b|netrc\b"
            r"|cursor\b|bash_history\b)|\bid_rsa\b|/etc/(?:passwd|shadow)\b|\bmcp\.json\b"
            r"|\b(?:contents?|copy) of \.env\b"
        ),
        "has keys handed over": (
            rf"\b(?:read|load|open|cat|send|include|attach|pass|provide|append|collect|extract|fetch|find)\b"
            rf"[^.]{{0,30}}\b(?:(?:contents?|values?|copy|copies) of|user's|your|all) (?:\w{{1,20}} ){{0,2}}{_SECRETS}"
        ),
        "asks for the conversation or the system prompt": (
            r"\b(?:reveal|print|repeat|include|output|append|pass|send|return|provide|copy|attach|put)\b[^.]{0,40}"
            rf"\b{_TALK}"
        ),
        "has data sent somewhere": (
            r"\b(?:send|post|upload|forward|exfiltrate|transmit|bcc|leak|envia|sende|envoie|invia)\b[^.]{0,30}"
            r"\b(?:conversation|history|credentials|passwords?|contrasenas|keys?|secrets?|prompts?|everything|all|each"
            r"|every|copy|answers?|your)\b[^.]{0,40}(?:https?://|[\w.+-]{1,64}@[\w-]{1,64}\.\w)"
            r"|\b(?:add|set|put|include) (?:as )?bcc\b"
        ),
        "meddles with other tools": (
            rf"\b(?:when|whenever|before|after|if)\b[^.]{{0,30}}\b(?:{_OTHER}|the tool (?!is\b)\S{{1,64}})"
            r" (?:is|are|was|gets|being) (?:called|used|invoked|run)\b"
            r"[^.]{0,40}\b(?:must|always|first|instead|change|replace|set|add|call)\b"
            r"|\b(?:must|always)\b[^.]{0,30}\b(?:call|use|run|invoke) (?:this|me|it)\b[^.]{0,20}"
            r"\b(?:before|instead of)\b[^.]{0,20}\b(?:any|every|all)(?: the)?(?: other)? tools?\b"
            rf"|\b(?:do not|don't|never|stop)\b[^.]{{0,10}}\b(?:use|using|call|calling|trust)\b[^.]{{0,20}}\b{_OTHER}"
        ),
        "gives the model another role": (
            r"\byou are now (?:in|an?|the|called|dan)\b|\bfrom now on,? (?:you|always|never|ignore)\b"
            r"|\bpretend (?:that you|you are|to be (?:the|an?) (?:user|admin|human|person|system|customer|different))"
            r"|\bnew instructions:|\b(?:jailbreak|dan) mode\b"
        ),
        "hides data in a picture's address": r"!\[[^\]]{0,80}\]\(\s?https?://[^)\s]{0,200}[{?]",
    }.items()
}
_LOOKALIKES = str.maketrans("аеорсухіјѕԁһԛԝɡοανικρτ", "aeopcyxijsdhqwgoavikpt")
_FIGURES = str.maketrans("0134578@$", "oieastbas")
_MIXED = re.compile(r"(?<!\S)(?=\S{0,20}[a-z])[a-z0-9@$]{2,20}\b")
_SPACED = re.compile(r"(?<!\S)\S(?: {1,3}\S){3,200}(?!\S)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{32,4000}={0,2}")


def check_poisoning(definitions: Mapping[str, Any], accepted: Collection[str] = ()) -> int:
    """How many texts were read; Fault `poisoned_description` or else `hidden_characters` with where and what.

    Definitions that are `accepted` were read by a person and are left out.
    """
    read, poisoned, hidden = 0, list[str](), list[str]()
    for name, value in definitions.items():
        for place, text in () if name in accepted else _texts(value):
            read += 1
            at = f"{name}{place}"
            poisoned += [f"{at} {what} (“{quote}”)" for what, quote in found_in(text)]
            if unseen := hidden_in(text[:READ_CHARACTERS]):
                hidden.append(f"{at} has {len(unseen)} hidden characters, such as U+{ord(unseen[0]):04X}")
    if poisoned:
        raise Fault("poisoned_description", "; ".join([*poisoned[:5], *hidden[:2]]))
    if hidden:
        raise Fault("hidden_characters", "; ".join(hidden[:5]))
    return read


def found_in(text: str) -> list[tuple[str, str]]:
    """What a text should not say, each with the words that say it; also that it is too long to be read."""
    found = {}
    if len(text) > READ_CHARACTERS:
        found["is too long to be searched"] = f"{len(text):,} characters"
    forms = _forms(text[:READ_CHARACTERS])
    for what, pattern in PATTERNS.items():
        for form in forms:
            if what not in found and (match := pattern.search(form)):
                found[what] = match[0][:120]
    return list(found.items())


def _forms(text: str) -> list[str]:
    """The text in the forms in which a model may understand it, each once."""
    seen = _seen(text)
    plain = seen.translate(_LOOKALIKES)
    forms = [seen, plain, _MIXED.sub(lambda word: word[0].translate(_FIGURES), plain), _told_by_tags(text)]
    if runs := _SPACED.findall(text):
        joined = (" ".join(run.replace(" ", "") for run in re.split(r"(?<=\S) {2,}", one)) for one in runs)
        forms.append(_seen(" ".join(joined)))
    forms += [_seen(_decoded(one)) for one in _BASE64.findall(text)[:20]]
    return [form for form in dict.fromkeys(forms) if form]


def _seen(text: str) -> str:
    """The text as a model understands it: compatible forms folded; accents, hidden characters, doubled blanks gone."""
    folded = unicodedata.normalize("NFKD", text)
    visible = "".join(
        " " if one.isspace() else one
        for one in folded
        if one.isspace() or not (is_hidden(one) or unicodedata.category(one) == "Mn")
    )
    return re.sub(r"\s+", " ", visible).casefold()


def _told_by_tags(text: str) -> str:
    """What Unicode tag characters spell: they mirror ASCII, are never drawn, and models read them."""
    return "".join(chr(ord(one) - 0xE0000) for one in text if 0xE0020 <= ord(one) <= 0xE007E).casefold()


def _decoded(text: str) -> str:
    """The text that this base64 stands for; empty where it stands for none."""
    whole = text.rstrip("=")
    try:
        return base64.b64decode(whole[: len(whole) // 4 * 4]).decode()
    except ValueError:
        return ""


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a definition with its place, keys among them: a property's name is read by the model, too."""
    left: list[tuple[str, Any]] = [("", value)]
    while left:
        place, one = left.pop()
        if isinstance(one, str):
            yield place, one
        elif isinstance(one, Mapping):
            for key, inner in one.items():
                yield f"{place} (a key)", str(key)
                left.append((f"{place}.{key}"[:200], inner))
        elif isinstance(one, list):
            left += [(f"{place}[{at}]"[:200], inner) for at, inner in enumerate(one)]
