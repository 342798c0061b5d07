"""Where telephone numbers are read without a country code, unless the playbook names other countries."""

from __future__ import annotations

_CODES = """
US CA GB IE AU NZ ZA DE AT CH LI LU BE NL FR MC IT SM ES PT BR MX AR CL CO PE UY EC VE CR DO DK SE
NO FI IS EE LV LT PL CZ SK HU SI HR RS BA RO BG GR CY MT UA RU TR IL AE SA EG MA KE NG IN PK BD LK
CN HK TW JP KR SG MY ID TH VN PH
"""
REGIONS: tuple[str, ...] = tuple(_CODES.split())
