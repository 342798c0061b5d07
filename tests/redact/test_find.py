"""What is found: made-up values of many countries in sentences of their languages, and what is left alone."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pilotage.redact import KINDS, REGIONS, find


def _beside(name: str) -> ModuleType:
    """A module of this folder, which is no package."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"redact_{name}", path)
    assert spec
    assert spec.loader
    module = sys.modules.setdefault(spec.name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


made, sentences = _beside("made"), _beside("sentences")


def _found(text: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in find(text)]


@pytest.mark.parametrize(("module", "form", "sentence"), sentences.NATIONAL_IDS)
def test_a_personal_number_is_found_whole_in_a_sentence_of_its_country(module: str, form: str, sentence: str) -> None:
    rng = random.Random(module + form)
    for _ in range(3):
        value = made.personal(rng, module, form)
        assert _found(sentence.format(value)) == [("national_id", value)]


@pytest.mark.parametrize(("kind", "marked"), sentences.VALUES)
def test_a_value_is_found_with_its_exact_ends(kind: str, marked: str) -> None:
    text = marked.replace("|", "")
    values = [part for place, part in enumerate(marked.split("|")) if place % 2]
    assert [value for found, value in _found(text) if found == kind] == values


@pytest.mark.parametrize("text", sentences.NOTHING)
def test_numbers_that_are_nobodys_are_left(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize(
    "country",
    [
        "AT",
        "BE",
        "CH",
        "CZ",
        "DE",
        "DK",
        "ES",
        "FI",
        "FR",
        "GB",
        "GR",
        "HU",
        "IE",
        "IT",
        "LU",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SA",
        "SE",
        "TR",
        "AE",
        "BR",
    ],
)
def test_an_iban_is_found_written_in_fours_and_in_one(country: str) -> None:
    rng = random.Random(country)
    for spaced in (False, True):
        value = made.iban(rng, country, spaced)
        for text in (f"IBAN: {value}, merci", f"zahlen an {value} bis morgen", f"{value.lower()} danke"):
            assert [(kind, found.upper()) for kind, found in _found(text)] == [("iban", value)]


@pytest.mark.parametrize(
    ("prefix", "length"),
    [("4", 16), ("51", 16), ("2221", 16), ("34", 15), ("6011", 16), ("3528", 16), ("36", 14), ("62", 16), ("5018", 12)],
)
def test_a_card_is_found_by_issuer_length_and_check_digit(prefix: str, length: int) -> None:
    rng = random.Random(prefix)
    for joint in ("", " ", "-") if length == 16 else ("",):
        value = made.card(rng, prefix, length, joint)
        assert _found(f"pay with {value} now") == [("card", value)]


def test_one_wrong_digit_makes_an_iban_or_a_card_nobodys() -> None:
    rng = random.Random(1)
    for value in [made.iban(rng, "DE", False) for _ in range(50)] + [made.card(rng, "4", 16) for _ in range(50)]:
        wrong = value[:-1] + str((int(value[-1]) + 1) % 10)
        assert not {kind for kind, _ in _found(f"value {wrong} given")} & {"iban", "card"}


def test_every_country_that_is_read_has_its_example_numbers_found() -> None:
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType

    missed = []
    for region in REGIONS:
        for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
            example = phonenumbers.example_number_for_type(region, kind)
            for form in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164):
                written = phonenumbers.format_number(example, form)
                if ("phone", written) not in _found(f"My phone is {written}."):
                    missed.append((region, written))
    assert missed == []


def test_only_the_named_countries_numbers_are_read_without_a_country_code() -> None:
    text = "Notiert: 0664 1234567, danke."
    assert [one.kind for one in find(text, ["AT"])] == ["phone"]
    assert find(text, ["US"]) == []


@pytest.mark.parametrize(
    "disguise",
    [
        lambda value: "\u200b".join(value),
        lambda value: "".join(
            chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in value
        ),
        lambda value: value.replace(" ", "\u00a0").replace("-", "\u2011"),
        lambda value: "\u2066" + value.replace(" ", "\u2009").replace("-", "–") + "\u2069",
        lambda value: "".join(
            chr(ord(character) + 0x660 - 48) if character.isdigit() else character for character in value
        ),
    ],
    ids=["zero-width", "fullwidth", "no-break", "directions", "Arabic digits"],
)
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("card", "4111 1111 1111 1111"),
        ("phone", "+49 30 1234-5678"),
        ("national_id", "529.982.247-25"),
        ("ip_address", "203.0.113.42"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("email", "someone@example.com"),
    ],
)
def test_a_disguised_value_is_found_where_it_stands(kind: str, value: str, disguise) -> None:  # type: ignore[no-untyped-def]
    hidden = disguise(value)
    text = f"Ich – hier: {hidden} und mehr"
    [found] = find(text)
    covered = text[found.start : found.end].strip("\u2066\u2069")
    assert (found.kind, covered) == (kind, hidden.strip("\u2066\u2069"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_reason_never_repeats_what_was_found(kind: str) -> None:
    texts = [marked.replace("|", "") for known, marked in sentences.VALUES if known == kind]
    texts += {"iban": ["DE89 3704 0044 0532 0130 00"], "card": ["4111 1111 1111 1111"]}.get(kind, [])
    found = [(text[one.start : one.end], one) for text in texts for one in find(text)]
    assert any(one.kind == kind for _, one in found)
    assert all(value not in one.reason and one.kind in KINDS and 0 < one.score <= 1 for value, one in found)


def test_an_order_number_is_no_card_and_no_phone_but_a_card_number_is_a_card() -> None:
    number = made.card(random.Random(3), "4", 16)
    assert _found(f"Order number {number} was shipped") == []
    assert _found(f"Card number {number} was charged") == [("card", number)]
    assert _found("Order number 030 1234567") == []
    assert _found("Phone number 030 1234567") == [("phone", "030 1234567")]


def test_a_number_with_one_check_digit_needs_a_word_that_names_it() -> None:
    number = made.personal(random.Random(4), "pl.pesel", "YYMMDD#####")
    assert _found(f"PESEL {number}") == [("national_id", number)]
    assert _found(f"The total is {number} units") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS", "AKIA" + "Q3EXAMPLE7ABCDEF"),
        ("GitHub", "ghp_" + "0123456789abcdefABCDEF0123456789abcd"),
        ("GitLab", "glpat-" + "0123456789abcdefABCD"),
        ("AI service", "sk-ant-" + "api03-0123456789abcdefABCDEF"),
        ("Slack", "xoxb-" + "123456789012-abcdefABCDEF"),
        ("Stripe", "sk_live_" + "0123456789abcdefABCDEF"),
        ("Google", "AIza" + "0123456789abcdefABCDEF0123456789abc"),
        ("JSON web token", "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "c2lnbmF0dXJl"),
        ("private key", "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"),
    ],
)
def test_a_key_is_known_by_its_makers_form(name: str, value: str) -> None:
    [found] = find(f"use {value} for it")
    assert found.kind == "secret"
    assert name in found.reason
    assert f"use {value} for it"[found.start : found.end].strip() == value


@pytest.mark.parametrize(
    "marked",
    [
        "card |4111 1111 1111 1111| 12/27 123",
        "order 12 |4111 1111 1111 1111| 2 pcs",
        "it is |4111_1111_1111_1111| here",
        "it is |4111/1111/1111/1111| here",
        "Amex |3782 822463 10005| 12/27 1234",
    ],
)
def test_a_card_in_groups_is_found_with_other_digits_beside_it(marked: str) -> None:
    value = marked.split("|")[1]
    assert ("card", value) in _found(marked.replace("|", ""))


def test_a_longer_number_in_fours_is_no_card() -> None:
    assert "card" not in {kind for kind, _ in _found("parcel 4111 1111 1111 1111 2222 3333 is on its way")}
