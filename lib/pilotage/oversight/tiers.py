"""The tier of each action type, replayed from the reviews, the proposals and the audit log; no state is kept.

Live in the loop begins with the last of the reviews that the playbook asks for. Less review begins where a proposal
that grants it was applied, and only if the reviews decided by then certify it by that proposal's own limits; it ends
with an alarm, with the end of a risk acceptance, or with a proposal. After an alarm only what was decided since is
evidence. Whatever cannot be read grants nothing, and the live file can only ask for more review than is granted. A high
risk needs its acceptance until a proposal that does not itself ask for less review calls it lower.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from pilotage.oversight.alarm import Alarm, Listening, alarm, listening
from pilotage.oversight.evidence import evidence
from pilotage.oversight.grants import Grant, Granted, granted
from pilotage.oversight.promotion import Start, counts_from, cover, refusals
from pilotage.oversight.reviewed import Reviewed
from pilotage.playbook import TIERS, ActionType, OversightPolicy, RiskClass, Tier
from pilotage.words import number
from pilotage.workspace import Workspace


@dataclass(frozen=True)
class TierChange:
    """One step: when (UTC without zone), to which tier, why, and `ref`: the review, proposal or log entry behind it."""

    at: datetime
    action: str
    tier: Tier
    why: str
    ref: str


@dataclass(frozen=True)
class Standing:
    """How one action type stands: its tier (None: not live yet) since when, and each step that led there.

    `alarm` is that of the tier held now, or the one that ended the last promotion; None where there was none. Only
    units decided after `counts_from` (the last alarm; None: all) are evidence for the next promotion. `granted` is
    the tier that playbook/oversight.yaml names. `high` says whether a promotion needs a signed acceptance,
    `listens_from` since when an alarm would listen: the first promotion after `counts_from`, None where there was none.
    `fault` says why nothing that people granted can be known; else empty. Times are UTC without zone.
    """

    action: str
    risk_class: RiskClass
    tier: Tier | None
    since: datetime | None
    changes: tuple[TierChange, ...]
    alarm: Alarm | None
    counts_from: datetime | None
    granted: Tier
    remarks: tuple[str, ...]
    high: bool
    listens_from: datetime | None
    fault: str

    @property
    def start(self) -> Start:
        """From where a promotion would begin."""
        return Start(self.action, self.tier, self.counts_from, self.high, self.listens_from)


def standings(workspace: Workspace, found: Reviewed, policy: OversightPolicy, as_of: date) -> dict[str, Standing]:
    """The standing at the end of the day `as_of` of each action type that acts, in the playbook's order.

    A log that does not verify leaves everything in the loop at most, with a remark.
    """
    return replayed(granted(workspace, datetime.combine(as_of, time.max)), found, policy, as_of)


def replayed(told: Granted, found: Reviewed, policy: OversightPolicy, as_of: date) -> dict[str, Standing]:
    """The same from what was granted."""
    end = datetime.combine(as_of, time.max)
    seen = found.until(end)
    return {action.name: _Walk(action, policy, seen, told).to(end) for action in policy.actions if action.acts}


@dataclass
class _Walk:
    """One action type on its way through time."""

    action: ActionType
    live: OversightPolicy
    found: Reviewed
    told: Granted
    tier: Tier | None = None
    since: datetime | None = None
    counts_from: datetime | None = None
    alarm: Alarm | None = None
    promoted: Grant | None = None
    in_force: OversightPolicy | None = None
    high: bool = False
    lowered: bool = False
    listens_from: datetime | None = None
    changes: list[TierChange] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def to(self, end: datetime) -> Standing:
        """The standing at the end."""
        if self.told.fault:
            self.remarks.append(f"nothing above {TIERS[0]} counts: {self.told.fault}")
        for grant in self.told.grants:
            self._live_by(grant.at)
            self._settle(grant.at)
            self._take(grant)
        self._live_by(end)
        self._settle(end)
        self._beside_the_file(end)
        return Standing(
            self.action.name, self.action.risk_class, self.tier, self.since, tuple(self.changes), self.alarm,
            self.counts_from, self.action.tier, tuple(self.remarks), self._high(), self.listens_from, self.told.fault,
        )  # fmt: skip

    def _live_by(self, moment: datetime) -> None:
        """Live from the review on that completes what the playbook asks for, be it the live or the approved one."""
        if self.tier is not None:
            return
        asked = max(one.reviews_min.value for one in (self.live, self.in_force) if one)
        units = self.found.certifying(self.action.name)
        if len(units) >= asked and units["decided_at"].iloc[asked - 1] <= moment:
            last = units.iloc[asked - 1]
            why = f"{asked} reviewed cases are what the playbook asks for before it goes live"
            self._step(last["decided_at"].to_pydatetime(), TIERS[0], why, str(last["review_id"]))

    def _step(self, at: datetime, tier: Tier, why: str, ref: str) -> None:
        self.tier, self.since = tier, at
        self.changes.append(TierChange(at, self.action.name, tier, why, ref))

    def _settle(self, moment: datetime) -> None:
        """Back in the loop where, by this moment, the alarm rang or the acceptance of a high risk ended."""
        if self.tier in (None, TIERS[0]) or self.promoted is None or self.tier is None or self.since is None:
            return
        begin = self.listens_from or self.promoted.at
        self.alarm = alarm(self.found, self.action.name, self._heard(self.tier), begin, moment)
        rang, lapse = self.alarm.at, self._lapse(self.tier, self.since)
        if rang and (lapse is None or rang <= lapse):
            rang = max(rang, self.since)  # limits made stricter by hand can ring it at what was before the promotion
            self.counts_from, self.listens_from = rang, None
            self._step(rang, TIERS[0], self._rang(self.alarm), self.alarm.review or "")
        elif lapse and lapse <= moment:
            self.alarm = None
            why = "its risk is high, and no signed acceptance covers it any longer"
            self._step(lapse, TIERS[0], why, f"since {self.promoted.id}")

    def _heard(self, tier: Tier) -> Listening:
        """What the alarm listens for: the approved version's limits or the live file's, whichever are stricter."""
        assert self.promoted is not None
        assert self.promoted.policy is not None
        approved, live = (listening(one, self.action.name, tier) for one in (self.promoted.policy, self.live))
        if live.limit >= approved.limit:
            return replace(approved, threshold=min(approved.threshold, live.threshold))
        scale = live.limit / approved.limit
        worse = tuple(rate * scale for rate in approved.worse)
        return Listening(live.limit, worse, min(approved.threshold, live.threshold))

    def _rang(self, rung: Alarm) -> str:
        seen = f"{rung.errors} errors in {rung.units} reviews since its promotion"
        if not rung.review:
            seen = f"{self.found.missing} reviews that are known to exist are not there and count as errors"
        return f"the alarm rang: {seen}, at a limit of {number(rung.heard.limit, 'share')}"

    def _lapse(self, tier: Tier, since: datetime) -> datetime | None:
        """When the acceptance of a high risk ends; None where none is needed."""
        if not self._high():
            return None
        rule = self.in_force or self.live
        found = cover(rule, self.told.acceptances, self.action.name, tier, since)
        return since if found is None else found[0]

    def _high(self) -> bool:
        """Whether the live file calls the risk high, or what was approved."""
        return self.high or self.action.risk_class == "high"

    def _take(self, grant: Grant) -> None:
        """What the version applied then makes of the tier."""
        if grant.policy is None:
            self._lost(grant)
            return
        self.in_force = grant.policy
        action = grant.policy.action(self.action.name)
        wanted = action.tier if action else TIERS[0]
        less = TIERS.index(wanted) > TIERS.index(self.tier or TIERS[0])
        self._call(grant, action, less)
        if less:
            self._promote(grant, wanted)
        elif self.tier and wanted != self.tier:
            self._step(grant.at, wanted, "a proposal asks for more review", grant.id)

    def _call(self, grant: Grant, action: ActionType | None, less: bool) -> None:
        """Whether the risk counts as high from this version on.

        Who asks for less review cannot call it lower in the same breath, and who calls it lower has to show it: what
        was changed by hand before a proposal is not in the difference that people approve.
        """
        before, high = self.action.name in grant.high_before, action is not None and action.risk_class == "high"
        self.high = self.high or before or high
        self.lowered = action is not None and not high and (before or self.lowered)
        if self.lowered and not less:
            self.high = False

    def _promote(self, grant: Grant, wanted: Tier) -> None:
        assert grant.policy is not None
        start = Start(self.action.name, self.tier, self.counts_from, self._high(), self.listens_from)
        begin = counts_from(self.found, grant.policy, start, wanted, grant.at)
        why_not = list(refusals(self.found, grant.policy, self.told.acceptances, start, wanted, grant.at))
        why_not += self._no_longer_there(grant, wanted, begin)
        if why_not:
            told = "; ".join(why_not)
            self.remarks.append(f"{grant.id} of {grant.at:%Y-%m-%d} does not count for {wanted}: {told}")
            return
        shown = evidence(self.found, grant.policy, self.action.name, wanted, grant.at, begin)
        if begin != self.counts_from or self.listens_from is None:
            self.counts_from, self.listens_from = begin, grant.at
        self.promoted, self.alarm = grant, None
        self._step(grant.at, wanted, shown.why, grant.id)

    def _no_longer_there(self, grant: Grant, wanted: Tier, begin: datetime | None) -> list[str]:
        """Why the reviews are fewer than the proposal recorded, which nobody can undo by losing them."""
        assert grant.policy is not None
        told = grant.evidence.get(self.action.name)
        recorded = told.get("n") if isinstance(told, dict) else None
        if not isinstance(recorded, int):
            return []
        now = evidence(self.found, grant.policy, self.action.name, wanted, grant.made, begin).n
        return [f"it rested on {recorded} reviews, of which {now} are there"] if now < recorded else []

    def _lost(self, grant: Grant) -> None:
        why = f"the proposal {grant.id} is lost or altered, and what it granted is not known"
        self.remarks.append(f"{why}: it counts for nothing, nor does any before it")
        if self.tier not in (None, TIERS[0]):
            self._step(grant.at, TIERS[0], why, grant.id)

    def _beside_the_file(self, end: datetime) -> None:
        """The live file grants nothing, but it can ask for more review at once."""
        named = self.action.tier
        if self.tier is None:
            return
        if TIERS.index(named) > TIERS.index(self.tier):
            told = f"playbook/oversight.yaml says {named}, which counts for nothing: it is {self.tier}"
            self.remarks.append(told)
        elif named != self.tier:
            self.remarks.append(f"playbook/oversight.yaml was changed by hand to {named}, less than was granted")
            self._step(end, named, "playbook/oversight.yaml asks for more review than was granted", "oversight.yaml")
