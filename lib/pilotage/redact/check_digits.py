"""Check digits that python-stdnum does not know; each takes letters and digits only and says whether they fit."""

from __future__ import annotations

from collections.abc import Sequence


def weighted(digits: str, weights: Sequence[int]) -> int:
    """The sum of the digits, each times its weight."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = sum(map(int, number[-1::-2])) + sum(sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return total % 10 == 0


def german_pension(number: str) -> bool:
    """Rentenversicherungsnummer: area, date of birth, letter, serial, check digit (VKVV §2)."""
    letter = f"{ord(number[8]) - 64:02d}"
    total = sum(
        sum(divmod(int(digit) * weight, 10))
        for digit, weight in zip(number[:8] + letter + number[9:11], (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)
    )
    return 1 <= int(number[4:6]) <= 12 and total % 10 == int(number[11])


def russian_snils(number: str) -> bool:
    """СНИЛС: nine digits weighted 9 to 1, modulo 101."""
    return weighted(number, range(9, 0, -1)) % 101 % 100 == int(number[9:]) and len(set(number[:9])) > 1


def latvian_code(number: str) -> bool:
    """Personas kods before 2017 (date and check digit); those since begin with 32 and have none."""
    check = (1101 - weighted(number, (1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11
    return number[:2] == "32" or (is_day(number[2:4], number[:2]) and check == int(number[10]))


def hungarian_taj(number: str) -> bool:
    """TAJ: eight digits weighted 3 and 7 in turn, modulo 10."""
    return weighted(number[:8], (3, 7) * 4) % 10 == int(number[8])


def taiwanese_id(number: str) -> bool:
    """A letter read as two digits, then nine digits, modulo 10."""
    area = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(number[0]) + 10
    return (area // 10 + area % 10 * 9 + weighted(number[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1))) % 10 == 0


def singaporean_nric(number: str) -> bool:
    """NRIC and FIN: seven digits weighted, an offset by the century, and a letter of a list for each series."""
    total = weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(number[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}
    place = total % 11 if number[0] != "M" else 10 - total % 11
    return letters[number[0]][place] == number[8]


def hong_kong_id(number: str) -> bool:
    """One or two letters, six digits, modulo 11; a check digit of ten is written A."""
    values = [36] * (9 - len(number)) + [int(character, 36) for character in number[:-1]]
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return (total + int(number[-1], 16)) % 11 == 0


def saudi_id(number: str) -> bool:
    """National identity (1) and residence (2) numbers: Luhn."""
    return number[0] in "12" and luhn(number)


def emirates_id(number: str) -> bool:
    """784, year of birth, serial, Luhn."""
    return 1900 <= int(number[3:7]) <= 2099 and luhn(number)


def japanese_my_number(number: str) -> bool:
    """Individual number: eleven digits, modulo 11 (Ordinance 85 of 2014, article 5)."""
    rest = weighted(number[10::-1], (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)) % 11
    return int(number[11]) == (0 if rest <= 1 else 11 - rest)


def hungarian_tax_id(number: str) -> bool:
    """Adóazonosító jel: nine digits weighted 1 to 9, modulo 11."""
    return number[0] == "8" and weighted(number[:9], range(1, 10)) % 11 == int(number[9])


def korean_number(number: str) -> bool:
    """Resident registration number: a date and the digit of sex and century; since 2020 the rest is drawn by chance."""
    return is_day(number[2:4], number[4:6])


def chinese_id(number: str) -> bool:
    """Resident identity number: area, date of birth, serial, ISO 7064 mod 11-2 (GB 11643-1999)."""
    total = weighted(number[:17], [2**place % 11 for place in range(17, 0, -1)])
    return (
        is_day(number[10:12], number[12:14])
        and number[6:8] in ("18", "19", "20")
        and "10X98765432"[total % 11] == number[17]
    )


def is_day(month: str, day: str) -> bool:
    """Whether the digits can be a month and a day."""
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31
