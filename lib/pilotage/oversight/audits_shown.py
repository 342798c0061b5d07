"""The audits of what runs outside the loop, as page 04 shows them."""

from __future__ import annotations

from collections.abc import Sequence

from pilotage.oversight.audits import OUTSIDE, Audit
from pilotage.page import html


def audits_table(found: Sequence[Audit]) -> html.Html:
    """When each was last audited, and when again; a remark where no action is outside the loop."""
    if not found:
        return html.note(f"No action is {OUTSIDE}, so no audit is due.")
    header = ("Action", "Last complete audit", "Next due by", "Overdue", "Looked at", "How it stands")
    rows = [
        (
            one.action, f"{one.last}" if one.last else "none yet", f"{one.due}", "yes" if one.overdue else "no",
            f"{one.runs:,} of {one.asked:,}", html.Html(html.sentence(one.why)),
        )
        for one in found
    ]  # fmt: skip
    return html.table(f"Audits afterwards of what runs {OUTSIDE}", header, rows, header[4:5])
