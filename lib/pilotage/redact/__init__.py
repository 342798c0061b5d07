"""Personal data and secrets found in any text, and taken out of what people are shown; see `find` and `redact`."""

from pilotage.redact.found import KINDS, Found
from pilotage.redact.regions import REGIONS
from pilotage.redact.scan import find, redact

__all__ = ["KINDS", "REGIONS", "Found", "find", "redact"]
