"""The review form in a notebook: one item at a time, worked by keys alone, every decision on disk before the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.oversight.queue.items import Decision
from pilotage.oversight.queue.sitting import Sitting, open_sitting
from pilotage.page import Page, html
from pilotage.page.keyed_form import Clock, KeyedForm, now_utc, titled
from pilotage.playbook.oversight import ReviewQueue

Ticks = Callable[[], float]
Step = Literal["decide", "reason", "text"]
BACK, KEEP, SKIP = "b", "k", "s"
DECIDE = {"a": "Approve (a)", "r": "Reject (r)", "c": "Correct (c)", SKIP: "Skip (s)"}
GONE = {SKIP: DECIDE[SKIP]}
TEXT = {KEEP: "Keep (k)", BACK: "Back (b)"}
ASKED = "Is what the agent proposes right?"
HELP = (
    "Keys, in the field: a approve, r reject, c correct, s skip: the item goes back to the queue. "
    "r and c ask for the reason by its key, c then for the right text. Each decision is kept at once, for good."
)
HOW_TO_WRITE = "Write what it should have said; Enter begins a line. Then Tab, and k keeps it."
REASON_KEYS = "123456789acdefghijklmnopqrstuvwxyz"  # b goes back
RAN_OUT = "The time for which the last item was kept for you ran out: it went back to the queue undecided."


def form(page: Page, tables: Tables, reviewer: str = "") -> Form | None:
    """The form, which shows itself as a cell's last value; None where a run executes the page: nobody could decide.

    `tables` needs interactions. `reviewer` is asked for in the form where it is not given.
    """
    if not page.by_hand:
        return None
    from pilotage.playbook import read_policy

    policy = read_policy(page.workspace, ("oversight",)).oversight.queue

    def sit(name: str) -> Sitting:
        return open_sitting(page.workspace, page.dataset, tables, policy, name)

    return Form(sit, policy, reviewer)


def reason_keys(policy: ReviewQueue) -> dict[str, str]:
    """The reason codes in the playbook's order, each by its key: 1 to 9, then letters."""
    return dict(zip(REASON_KEYS, policy.reasons, strict=False))


class Form(KeyedForm):
    """Asks for one decision after another, in up to three steps: the decision, its reason, the right text."""

    def __init__(
        self,
        sit: Callable[[str], Sitting],
        policy: ReviewQueue,
        reviewer: str = "",
        clock: Clock = now_utc,
        ticks: Ticks = time.monotonic,
    ) -> None:
        import ipywidgets as widgets

        asked = f"<p><strong>{html.sentence(ASKED)}</strong></p>{html.paragraph(HELP)}"
        super().__init__("Reviewer", asked, "Decision", DECIDE, clock)
        self._sit, self._ticks = sit, ticks
        self._sitting: Sitting | None = None
        self._codes, self._meanings = reason_keys(policy), policy.reasons
        self._step: Step = "decide"
        self._decision: Decision = "approve"
        self._reason = ""
        self._drafts: dict[str, str] = {}  # by item: what was written when the time ran out is there when it comes back
        self.hint = widgets.HTML()
        self.text = widgets.Textarea(continuous_update=False, rows=8, layout={"width": "98%"}, description="Right text")
        self.above.children = (self.hint, self.text)
        self._go("decide")
        if reviewer:
            self.name.value = reviewer

    def sit_down(self, name: str) -> None:
        """Open the reviewer's place and take the first item."""
        self._sitting = self._sit(name)
        self._sitting.show_next(self._clock(), self._ticks())

    def pressed(self, key: str) -> None:
        """One step of a decision, or the whole of it."""
        sitting = self._at_work
        if sitting.claim is None or sitting.lapsed(self._clock()):
            self._next(RAN_OUT if sitting.claim else "")
        elif self._step == "decide":
            self._decide(key)
        elif self._step == "reason":
            self._choose(key)
        else:
            self._write(key)

    def refresh(self, said: str = "") -> None:
        """What is on the screen, made anew from where the sitting stands."""
        sitting = self._at_work
        if sitting.claim is None:
            self.run.value = html.paragraph("Nothing is left for you to review. Press s to look again.")
        elif (texts := sitting.texts()) is None:
            self.run.value = html.paragraph("The dataset does not have this run any more. Press s to skip it.")
            self.offer(GONE)
        else:
            given, answer = texts
            proposes = f"What it proposes: {sitting.claim.action_type}"
            self.run.value = titled("What the agent was given", given) + titled(proposes, answer)
        self.say(f"{self._place()} {said}")

    def focus(self) -> None:
        """The next key is part of the text while one is written, else a decision."""
        (self.text if self._step == "text" else self.keys).focus()

    @property
    def _at_work(self) -> Sitting:
        assert self._sitting is not None
        return self._sitting

    def _place(self) -> str:
        sitting = self._at_work
        done = f"{sitting.decided:,} decided by {sitting.reviewer}"
        if sitting.claim is None or sitting.claim.lease_until is None:
            return f"{done}, none left."
        return f"{done}, {sitting.left + 1:,} left. This one is yours until {sitting.claim.lease_until:%H:%M} UTC."

    def _decide(self, key: str) -> None:
        if key == "a":
            self._keep("approve")
        elif key == SKIP:
            self._after(lambda: self._at_work.put_back(self._clock()), "The last item went back to the queue.")
        else:
            self._decision = "reject" if key == "r" else "correct"
            self._go("reason")

    def _choose(self, key: str) -> None:
        if key == BACK:
            self._go("decide")
            return
        self._reason = self._codes[key]
        if self._decision == "reject":
            self._keep("reject", self._reason)
        else:
            self._go("text")
            self.focus()

    def _write(self, key: str) -> None:
        written, proposed = self.text.value.replace("\r\n", "\n").strip(), (self._at_work.texts() or ("", ""))[1]
        if key == BACK:
            self._go("reason")
        elif not written or written == proposed.replace("\r\n", "\n").strip():
            self.say("Nothing is kept yet: the text is still what the agent wrote." if written else "Write the text.")
            self.focus()
        else:
            self._keep("correct", self._reason, written)

    def _keep(self, decision: Decision, reason: str = "", correction: str = "") -> None:
        clocks = self._clock(), self._ticks()
        self._after(lambda: self._at_work.decide(decision, reason, correction, *clocks), "")

    def _after(self, does: Callable[[], None], said: str) -> None:
        """The next item, once this is done. Where it cannot be, that is said, and an item still held comes again."""
        try:
            does()
        except (PilotageError, OSError) as fault:
            said = f"Not kept: {fault}"
        self._next(said)

    def _next(self, said: str = "") -> None:
        """Show the next item; one of which a text was begun has it again."""
        self._remember()
        self._at_work.show_next(self._clock(), self._ticks())
        self._go("decide")
        self.refresh(said)

    def _remember(self) -> None:
        sitting = self._at_work
        if sitting.claim is not None and self._step == "text":
            self._drafts[sitting.claim.item_id] = self.text.value

    def _go(self, step: Step) -> None:
        """Show what this step asks, and take its keys."""
        self._step = step
        self.show(self.text, step == "text")
        self.show(self.hint, step != "decide")
        if step == "decide":
            self.offer(DECIDE)
        elif step == "reason":
            self.hint.value = _listing(f"Why {self._decision}?", self._codes, self._meanings)
            self.offer({**{key: f"{code} ({key})" for key, code in self._codes.items()}, BACK: TEXT[BACK]})
        else:
            self._begin_text()

    def _begin_text(self) -> None:
        claim = self._at_work.claim
        assert claim is not None
        proposed = (self._at_work.texts() or ("", ""))[1]
        self.text.value = self._drafts.get(claim.item_id, proposed)
        self.hint.value = html.paragraph(f"Correct, {self._reason}. {HOW_TO_WRITE}")
        self.offer(TEXT)


def _listing(title: str, codes: Mapping[str, str], meanings: Mapping[str, Any]) -> str:
    lines = "".join(
        f"<tr><td><kbd>{key}</kbd></td><td style='padding:0 1.5em 0 .8em'>{html.sentence(code)}</td>"
        f"<td>{html.sentence(meanings[code])}</td></tr>"
        for key, code in codes.items()
    )
    return f'<p><strong>{html.sentence(title)}</strong></p><table style="margin:0 0 .6em">{lines}</table>'
