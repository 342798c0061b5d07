"""Words that attacks are made of: what spaced letters, digits for letters and misspellings are read against."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import Any

# Worth correcting: long enough that a slip of one letter still points to them, and rarely meant otherwise.
_KEYS = """
ignore ignoring disregard disregarding forget override overriding overwrite bypass bypassing circumvent previous
previously preceding earlier above prior instruction instructions guideline guidelines directive directives command
commands prompt prompts system reveal display print repeat output rules restriction restrictions restrictive
unrestricted unfiltered uncensored limitation limitations constraint constraints safety filter filters
developer administrator jailbreak jailbroken pretend roleplay hypothetical confidential password passwords secret
secrets credentials everything following original initial hidden context message messages assistant policy policies
configuration protocol protocols training programming unlimited immediately respond response responses without provide
security ethical execute database translate pretending activate disable comply character hacked
ignoriere vergiss missachte anweisung anweisungen vorherigen bisherigen regeln
ignora dimentica istruzioni precedenti sistema regole
ignorez oubliez consignes précédentes précédents système règles
olvida instrucciones anteriores reglas
esqueça instruções
negeer vergeet instructies vorige eerdere
zignoruj zapomnij poprzednie instrukcje wcześniejsze polecenia
игнорируй забудь предыдущие инструкции указания
talimatları önceki görmezden
"""
# Near a key by one letter, and words of their own.
_OTHERS = """
ignored ignores ignorer ignorar ignorare ignorant forge forged forgot forgets precious previews preview printed prints
pointed point printer print promoted promptly prompted prompting systems systeem systemes rule ruler ruled revealed
reveals displays displayed repeated repeats outputs secretly secrete overrides constrain constrained restricted
filtered commanded comment comments commend messages massage massages passage passages police polices developers
initials initially originals originally follow follows followed allowing safely hidden bidden midden contest contexts
content contents context assistants assistance guidelines directives directed director directors limitation
imitation imitations sister sistem sistema sistemi systeme regeln regel regelt segeln regole regola reglas regles
anweisung anweisungen anweisen istruzione instruzione instruction instructor instructors construction constructions
anterior anteriores interiores exteriores precedente precedent precedents preceding proceeding proceedings forgets
earliest pearlier bearlier prion priory priori prier about abode print prints pint paint punt primt sprint secret
filter filters falter fitter filler fillers files consigne consignes consigned vorige vorigen negeert vergeten
vergessen vergisst vergiss instructie instructies instruction instrukcja instrukcje instrukcji polecenie polecenia
poleceń zignorować bisherige bisherigen bisheriger bisheriges vorherige vorherigen vorheriger vorheriges ignoriert
ignorieren ignoro ignori ignorez ignoré ignorer oublier oublié oubliez règle règles système systèmes
инструкция инструкций инструкции инструкцию предыдущий предыдущая предыдущее предыдущих указание указаний указания
talimatlar talimatlari önceki bypass bypassed compound commons passwords credential policies policy
developed develops develop role roles revel revels ruler rulers administrators commends commended sections
sistemas provides provided provider providers characters databases activated activates responds responded executed
executes packed lacked backed tacked racked raining draining straining disabled disables hypotheticals translates
translated commande polity jailbreaks configurations trainings securities complied complies
"""
# What else stands between them, so that letters without gaps can be told apart.
_SMALL = """
a able about accept access account act action actions add address admin after again agent ai all allow allowed already
also always am an and another answer answers any anyone anything api application are around as ask asked assist at
authorized away back bad bank base be because become been before begin behave being believe below best better between
bomb book both but by call can cannot case change chat check clear code come complete completely computer confirm
consider content continue control conversation could create current customer dan data day decode define delete describe
details did different disclose do does doing done don down each email emails enable encode end engage enter entire even
ever every everyone evil exact exactly example explain external face fact fake false feel few fictional file files find
first for forward free freely from full fully game general generate get give given go going good got government great
group guide had hack hacker hand happen has have he hello help her here hi him his home how human i if imagine important
in include inform information input inside instead into invoice is it its job just keep key keys kill know language last
law laws lead learn leave legal less let letter level life like line list little live load long longer look made mail
make malware man manner many may me mean means mode model money more most move much must my name need never new next no
none normal not note nothing now number of off office offer ok old on once one only open operate or order orders other
others our out over own page part pass past pay payment people perform permission person personal phone place play
please point position possible post power present private problem process program project public put question questions
read ready real really reason receive record refuse regardless release remember remove reply report request require
research reset rest restricted return right role run said same save say scenario script secure see self send sensitive
sentence server service session set share should show simulate simply since so social some someone something speak
special spell start state statement stay step steps still stop store story such sudo sure take talk task tell test text
than that the their them then there these they thing things think this those though through time to today token tokens
told tool total transfer true trust try turn two under unless until up update us use used user users using value verify
version very view virtual virus want was way we web well were what when where whether which while who whole whose why
will wish with within word words work world would write wrong year yes yet you your yours yourself pwned weapon
alle ab das dein deine den der des die du ein eine gib ich ist mir nicht sie und was zeig
che del di e il in la le lo mi non per rivela scrivi tu tue tutte
des donne et je la les moi ne pas qui ta tes toutes tu vos
de dime el en las los me muestra no que tus todas tu y
as os suas todas você
"""
_COMMON_LETTERS_MIN = 4
_LETTERS_MIN = 6  # of a key that a misspelling is read as
_LONGEST = 18
_LEFT_OVER, _A_WORD = 1.0, 0.2  # what a letter without a word costs, and a word: few long words are best


@cache
def known() -> frozenset[str]:
    """Every word of the vocabulary, in small letters."""
    return frozenset(f"{_KEYS} {_OTHERS} {_SMALL}".split())


@cache
def skeletons() -> dict[str, str]:
    """Words by their shape, in which l and i are the same: what digits for letters leave open."""
    return {word.replace("l", "i"): word for word in (*_SMALL.split(), *_KEYS.split()) if len(word) > 1}


@cache
def _aims(common: bool) -> tuple[frozenset[str], dict[str, str], frozenset[str], frozenset[str]]:
    """The words that a misspelling is read as; the same by what is left without one letter; their two edges.

    Two words that are one slip apart share such a form (Garbe's SymSpell, 2012).
    """
    words, least = (_SMALL, _COMMON_LETTERS_MIN) if common else (_KEYS, _LETTERS_MIN)
    whole = frozenset(word for word in words.split() if len(word) >= least)
    forms = {word[:at] + word[at + 1 :]: word for word in sorted(whole) for at in range(len(word))}
    return whole, forms, frozenset(word[:2] for word in whole), frozenset(word[-2:] for word in whole)


@lru_cache(maxsize=1 << 14)
def corrected(word: str, common: bool = False) -> str | None:
    """The key that the word (small letters) misspells by one letter more, less, other or two swapped; else None.

    With `common` also the everyday words of four letters or more, which is for texts that misspell keys already.
    """
    whole, forms, starts, ends = _aims(common)
    if not 3 <= len(word) <= _LONGEST or (word[:2] not in starts and word[-2:] not in ends) or word in known():
        return None  # one slip cannot change both edges of a word
    if key := forms.get(word):
        return key
    for at in range(len(word)):
        rest = word[:at] + word[at + 1 :]
        if rest in whole:
            return rest
        key = forms.get(rest)
        if key and len(key) == len(word) and _one_slip(word, key):
            return key
    return None


def _one_slip(word: str, key: str) -> bool:
    """Whether two words of the same length differ by one letter or by two neighbours that changed places."""
    places = [at for at, (one, other) in enumerate(zip(word, key, strict=True)) if one != other]
    if len(places) == 1:
        return True
    return len(places) == 2 and places[1] == places[0] + 1 and sorted(word) == sorted(key)


@cache
def _tree() -> dict[str, Any]:
    """The vocabulary letter by letter; the key "" marks the end of a word."""
    root: dict[str, Any] = {}
    for word in known():
        node = root
        for letter in word:
            node = node.setdefault(letter, {})
        node[""] = {}
    return root


def parted(letters: str) -> list[str]:
    """Letters without gaps as words of the vocabulary, the fewest letters left over; those stay together as pieces.

    Linear in the letters: the best way to each place is built on the best ways to the places before it.
    """
    small, root = letters.lower(), _tree()
    if len(small) != len(letters):  # a capital whose small form has two letters
        return [letters]
    costs, back = [0.0, *([math.inf] * len(small))], [0] * (len(small) + 1)
    for start in range(len(small)):
        so_far = costs[start]
        if so_far + _LEFT_OVER < costs[start + 1]:
            costs[start + 1], back[start + 1] = so_far + _LEFT_OVER, start
        node, end = root.get(small[start]), start + 1
        while node is not None:
            if "" in node and so_far + _A_WORD < costs[end]:
                costs[end], back[end] = so_far + _A_WORD, start
            node, end = node.get(small[end]) if end < len(small) else None, end + 1
    return _pieces(letters, back)


def _pieces(letters: str, back: list[int]) -> list[str]:
    """The pieces on the best way; single letters that no word claims are put together again."""
    found: list[str] = []
    end, loose = len(letters), False
    while end > 0:
        piece = letters[back[end] : end]
        single = len(piece) == 1 and piece.lower() not in ("a", "i")
        if single and loose:
            found[-1] = piece + found[-1]
        else:
            found.append(piece)
        loose, end = single, back[end]
    return found[::-1]
