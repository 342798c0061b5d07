"""The personal numbers of the states: how each is written, what its check digits must be, and when it needs a label."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from pilotage.redact import check_digits
from pilotage.redact.reading import Pattern

_SEPARATORS = re.compile(r"[\s./()-]+")


@dataclass(frozen=True)
class Scheme:
    """One kind of personal number. `key` is also the class of the labels that name it.

    `check` is a module of python-stdnum, or a function of check_digits; "" where the form is all there is to check.
    `alone`: the form and the check digits are so telling together that no label is needed.
    """

    key: str
    name: str
    pattern: Pattern
    check: str
    alone: bool = False
    score: float = 0.9

    def fits(self, written: str) -> bool:
        """Whether the check digits, dates and areas are right."""
        if not self.check:
            return True
        number, own = _SEPARATORS.sub("", written).upper(), getattr(check_digits, self.check, None)
        if own:
            return bool(own(number))
        return any(_known(self.check)(form) for form in {written, number})  # some read a meaning into separators


@cache
def _known(module: str) -> Callable[[str], bool]:
    valid: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return valid


def _row(key: str, name: str, pattern: str, check: str, alone: bool = False, score: float = 0.9) -> Scheme:
    return Scheme(key, name, Pattern(rf"\b(?:{pattern})\b"), check, alone, score)


_9 = r"\d{3}[ .-]?\d{3}[ .-]?\d{3}"
_10 = r"\d{3}[ .-]?\d{3}[ .-]?\d{4}|\d{10}"
_11 = r"\d{2}[ .-]?\d{3}[ .-]?\d{3}[ .-]?\d{3}|\d{3}[ .-]?\d{3}[ .-]?\d{3}[ .-]?\d{2}"

ALONE: tuple[Scheme, ...] = tuple(
    _row(key, name, pattern, check, True, score)
    for key, name, pattern, check, score in (
        ("us_ssn", "US social security number", r"\d{3}-\d{2}-\d{4}", "us.ssn", 0.85),
        ("us_ssn", "US taxpayer number (ITIN)", r"9\d{2}-\d{2}-\d{4}", "us.itin", 0.85),
        (
            "gb_nino",
            "UK National Insurance number",
            r"(?i:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]) ?\d{2} ?\d{2} ?\d{2} ?(?i:[A-D])",
            "",
            0.85,
        ),
        ("ie_pps", "Irish PPS number", r"(?i:\d{7}[A-W][A-IW]?)", "ie.pps", 0.85),
        ("de_rvnr", "German pension number", r"(?i:\d{2} ?\d{6} ?[A-Z] ?\d{3})", "german_pension", 0.95),
        ("ch_ahv", "Swiss AHV number", r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}", "ch.ssn", 0.95),
        ("be_nn", "Belgian national number", r"\d{2}\.\d{2}\.\d{2}-\d{3}[.-]\d{2}", "be.ssn", 0.95),
        (
            "fr_nir",
            "French social security number",
            r"(?i:[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2A|2B) ?\d{3} ?\d{3} ?\d{2})",
            "fr.nir",
            0.95,
        ),
        (
            "it_cf",
            "Italian codice fiscale",
            r"(?i:[A-Z]{3} ?[A-Z]{3} ?[0-9L-NP-V]{2}[A-EHLMPRST][0-9L-NP-V]{2} ?[A-Z][0-9L-NP-V]{3}[A-Z])",
            "it.codicefiscale",
            0.98,
        ),
        ("es_dni", "Spanish DNI", r"\d{2}\.?\d{3}\.?\d{3}[ -]?[A-HJ-NP-TV-Za-hj-np-tv-z]", "es.dni", 0.9),
        ("es_dni", "Spanish NIE", r"(?i:[XYZ][ -]?\d{7}[ -]?[A-HJ-NP-TV-Z])", "es.nie", 0.9),
        ("pt_cc", "Portuguese citizen card", r"(?i:\d{8} ?\d ?[A-Z][A-Z0-9]\d)", "pt.cc", 0.8),
        ("cz_rc", "Czech or Slovak birth number", r"\d{6}/\d{3,4}", "cz.rc", 0.9),
        ("se_pnr", "Swedish personal number", r"(?:19|20)?\d{6}[-+]\d{4}", "se.personnummer", 0.9),
        ("no_fnr", "Norwegian birth number", r"\d{6} ?\d{5}", "no.fodselsnummer", 0.85),
        ("fi_hetu", "Finnish personal code", r"(?i:\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y])", "fi.hetu", 0.95),
        ("is_kt", "Icelandic kennitala", r"\d{6}-\d{4}", "is_.kennitala", 0.85),
        ("br_cpf", "Brazilian CPF", r"\d{3}\.\d{3}\.\d{3}-\d{2}", "br.cpf", 0.98),
        ("br_cnpj", "Brazilian CNPJ", r"\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}", "br.cnpj", 0.98),
        ("ar_cuit", "Argentine CUIT", r"(?:2[0347]|3[034])-\d{8}-\d", "ar.cuit", 0.95),
        ("cl_rut", "Chilean RUT", r"\d{1,2}\.\d{3}\.\d{3}-[0-9Kk]", "cl.rut", 0.95),
        ("do_cedula", "Dominican cédula", r"\d{3}-\d{7}-\d", "do.cedula", 0.9),
        ("mx_curp", "Mexican CURP", r"(?i:[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d)", "mx.curp", 0.98),
        ("ru_snils", "Russian SNILS", r"\d{3}-\d{3}-\d{3}[ -]\d{2}", "russian_snils", 0.95),
        ("kr_rrn", "Korean resident number", r"\d{6}-[1-8]\d{6}", "korean_number", 0.9),
        ("cn_ric", "Chinese resident identity number", r"[1-9]\d{16}[0-9Xx]", "chinese_id", 0.95),
        ("tw_id", "Taiwanese identity number", r"[A-Z][1289]\d{8}", "taiwanese_id", 0.85),
        ("sg_nric", "Singaporean NRIC", r"[STFGM]\d{7}[A-Z]", "singaporean_nric", 0.9),
        ("hk_id", "Hong Kong identity number", r"[A-Z]{1,2}\d{6}\([0-9A]", "hong_kong_id", 0.9),
        ("my_nric", "Malaysian NRIC", r"\d{6}-\d{2}-\d{4}", "my.nric", 0.85),
        ("th_pin", "Thai identity number", r"[1-8][ -]\d{4}[ -]\d{5}[ -]\d{2}[ -]\d", "th.pin", 0.95),
        ("pk_cnic", "Pakistani CNIC", r"[1-7]\d{4}-\d{7}-[1-9]", "pk.cnic", 0.85),
        ("ae_id", "Emirates ID", r"784[- ]?\d{4}[- ]?\d{7}[- ]?\d", "emirates_id", 0.95),
        ("ro_cnp", "Romanian CNP", r"[1-8]\d{12}", "ro.cnp", 0.7),
        ("lv_pk", "Latvian personal code", r"\d{6}-\d{5}", "latvian_code", 0.85),
    )
)

LABELLED: tuple[Scheme, ...] = tuple(
    _row(key, name, pattern, check)
    for key, name, pattern, check in (
        ("us_ssn", "US social security number", r"\d{3}[ .-]?\d{2}[ .-]?\d{4}", "us.ssn"),
        ("us_ssn", "US taxpayer number (ITIN)", r"9\d{2}[ .-]?\d{2}[ .-]?\d{4}", "us.itin"),
        ("gb_nino", "UK National Insurance number", r"(?i:[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-Z])", ""),
        ("gb_nhs", "NHS number", _10, "gb.nhs"),
        ("gb_utr", "UK taxpayer reference", r"\d{5} ?\d{5}", "gb.utr"),
        ("ca_sin", "Canadian SIN", _9, "ca.sin"),
        ("au_tfn", "Australian tax file number", r"\d{3} ?\d{3} ?\d{2,3}", "au.tfn"),
        ("nz_ird", "New Zealand IRD number", r"\d{2,3}[ -]?\d{3}[ -]?\d{3}", "nz.ird"),
        ("de_idnr", "German tax identification number", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "de.idnr"),
        ("at_vnr", "Austrian insurance number", r"\d{4}[ /-]?\d{6}", "at.vnr"),
        ("nl_bsn", "Dutch BSN", r"\d{4}[ .]?\d{2}[ .]?\d{3}|\d{3}[ .]?\d{3}[ .]?\d{3}|\d{8}", "nl.bsn"),
        ("be_nn", "Belgian national number", r"\d{2}[ .]?\d{2}[ .]?\d{2}[ -]?\d{3}[ .-]?\d{2}", "be.ssn"),
        ("fr_nif", "French tax number", r"[0-3]\d ?\d{2} ?\d{3} ?\d{3} ?\d{3}", "fr.nif"),
        ("pt_nif", "Portuguese NIF", r"[1235689]\d{2} ?\d{3} ?\d{3}", "pt.nif"),
        ("es_dni", "Spanish DNI or NIE", r"(?i:(?:[XYZ][ -]?)?\d{1,2}[ .]?\d{3}[ .]?\d{3}[ -]?[A-Z])", "es.nif"),
        ("pl_pesel", "Polish PESEL", r"\d{11}", "pl.pesel"),
        ("pl_nip", "Polish NIP", r"\d{3}-?\d{3}-?\d{2}-?\d{2}|\d{3}-?\d{2}-?\d{2}-?\d{3}", "pl.nip"),
        ("cz_rc", "Czech or Slovak birth number", r"\d{6} ?/? ?\d{3,4}", "cz.rc"),
        ("hu_taj", "Hungarian TAJ number", r"\d{3}[ -]?\d{3}[ -]?\d{3}", "hungarian_taj"),
        ("hu_taj", "Hungarian tax number", r"8\d{9}", "hungarian_tax_id"),
        ("ro_cnp", "Romanian CNP", r"[1-9]\d{12}", "ro.cnp"),
        ("bg_egn", "Bulgarian EGN", r"\d{10}", "bg.egn"),
        ("hr_oib", "Croatian OIB", r"\d{11}", "hr.oib"),
        ("si_emso", "EMŠO or JMBG", r"\d{13}", "si.emso"),
        ("ee_ik", "Estonian or Lithuanian personal code", r"[1-6]\d{10}", "ee.ik"),
        ("lv_pk", "Latvian personal code", r"\d{6}-?\d{5}", "latvian_code"),
        ("gr_amka", "Greek AMKA", r"\d{11}", "gr.amka"),
        ("gr_afm", "Greek AFM", r"\d{9}", "gr.vat"),
        ("se_pnr", "Swedish personal number", r"(?:19|20)?\d{6}[-+ ]?\d{4}", "se.personnummer"),
        ("dk_cpr", "Danish CPR number", r"\d{6}[- ]?\d{4}", "dk.cpr"),
        ("no_fnr", "Norwegian birth number", r"\d{6} ?\d{5}", "no.fodselsnummer"),
        ("is_kt", "Icelandic kennitala", r"\d{6}-?\d{4}", "is_.kennitala"),
        ("br_cpf", "Brazilian CPF", r"\d{3}[ .]?\d{3}[ .]?\d{3}[ -]?\d{2}", "br.cpf"),
        ("br_cnpj", "Brazilian CNPJ", r"\d{2}[ .]?\d{3}[ .]?\d{3}[ /]?\d{4}[ -]?\d{2}", "br.cnpj"),
        ("ar_dni", "Argentine DNI", r"\d{2}\.?\d{3}\.?\d{3}", "ar.dni"),
        ("ar_cuit", "Argentine CUIT", r"(?:2[0347]|3[034])[ -]?\d{8}[ -]?\d", "ar.cuit"),
        ("cl_rut", "Chilean RUT", r"\d{1,2}\.?\d{3}\.?\d{3} ?-? ?[0-9Kk]", "cl.rut"),
        ("co_nit", "Colombian NIT", r"\d{3}\.?\d{3}\.?\d{3}-?\d", "co.nit"),
        ("ec_ci", "Ecuadorian cédula", r"\d{9}-?\d", "ec.ci"),
        ("do_cedula", "Dominican cédula", r"\d{3}-?\d{7}-?\d", "do.cedula"),
        ("pe_dni", "Peruvian CUI or RUC", r"\d{8}-?[0-9A-K]|(?:10|15|17|20)\d{9}", "pe.cui"),
        ("mx_rfc", "Mexican RFC", r"(?i:[A-ZÑ&]{4}-?\d{6}-?[A-Z0-9]{3})", "mx.rfc"),
        ("in_aadhaar", "Indian Aadhaar", r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}", "in_.aadhaar"),
        ("in_pan", "Indian PAN", r"(?i:[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z])", "in_.pan"),
        ("id_nik", "Indonesian NIK", r"\d{16}", "id.nik"),
        ("jp_mn", "Japanese My Number", r"\d{4}[ -]?\d{4}[ -]?\d{4}", "japanese_my_number"),
        ("th_pin", "Thai identity number", r"[1-8][ -]?\d{4}[ -]?\d{5}[ -]?\d{2}[ -]?\d", "th.pin"),
        ("vn_id", "Vietnamese identity number", r"0\d{11}|\d{9}", ""),
        ("il_id", "Israeli identity number", r"\d{8}-?\d", "il.idnr"),
        ("tr_tckn", "Turkish identity number", r"[1-9]\d{2} ?\d{3} ?\d{3} ?\d{2}", "tr.tckimlik"),
        ("sa_id", "Saudi identity number", r"[12]\d{9}", "saudi_id"),
        ("eg_id", "Egyptian national number", r"[23]\d{13}", ""),
        ("za_id", "South African identity number", r"\d{6} ?\d{4} ?\d{2} ?\d|\d{13}", "za.idnr"),
        ("ru_inn", "Russian INN", r"\d{12}", "ru.inn"),
        ("ru_snils", "Russian SNILS", r"\d{3}[ -]?\d{3}[ -]?\d{3}[ -]?\d{2}", "russian_snils"),
        ("ru_passport", "Russian passport", r"\d{2} ?\d{2} (?:\? ?|No ?)?\d{6}", ""),
        ("ua_rntrc", "Ukrainian taxpayer number", r"\d{10}", "ua.rntrc"),
        ("kr_rrn", "Korean resident number", r"\d{6}[ -]?[1-8]\d{6}", "korean_number"),
        ("my_nric", "Malaysian NRIC", r"\d{12}", "my.nric"),
    )
)

# What only its label tells from other numbers: class of the label, kind, name, form.
BY_LABEL: tuple[tuple[str, str, str, Pattern], ...] = tuple(
    (label, kind, name, Pattern(rf"\b(?:{pattern})\b"))
    for label, kind, name, pattern in (
        (
            "passport",
            "identity_document",
            "passport",
            r"(?:[A-Z]{1,3} ?|[a-z]{1,3})?\d{6,9}|\d{2}[A-Z]{2}\d{5}|(?i:[CFGHJK][0-9CFGHJKLMNPRTVWXYZ]{8})",
        ),
        (
            "driving_licence",
            "identity_document",
            "driving licence",
            r"(?:[A-Z]{1,2}[ -]?|[a-z]{1,2})?\d{5,14}|(?i:[A-Z]{1,5}\d{2,13}[A-Z0-9]{0,8})"
            r"|(?i:[A-Z]?\d{3,4})(?:[ -]\d{2,5}){2,4}",
        ),
        (
            "identity_card",
            "identity_document",
            "identity card",
            r"(?:[A-Z]{1,3} ?|[a-z]{1,3})?\d{6,9}(?: ?[A-Z]{1,2}|[a-z]{1,2})?|(?i:[A-Z][0-9CFGHJKLMNPRTVWXYZ]{8}\d?)",
        ),
        (
            "bank_account",
            "bank_account",
            "bank account",
            r"\d{2}-\d{2}-\d{2}|\d{2,10}[ -]\d{4,10}(?:/\d{4})?|\d{6,26}|\d{2}(?: \d{4}){6}",
        ),
    )
)
