"""A synthetic supplier-invoice desk: tables drawn from known parameters, so that every estimate can be checked."""

from pilotage.records.synthetic.tables import make_tables
from pilotage.records.synthetic.truth import truth
from pilotage.records.synthetic.world import VARIANTS
from pilotage.records.synthetic.write import write_sample

__all__ = ["VARIANTS", "make_tables", "truth", "write_sample"]
