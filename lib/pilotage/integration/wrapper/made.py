"""What a probe's writing calls have made, and how it is taken back."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

from pilotage.integration.checks import Fault
from pilotage.integration.wrapper.calling import Answer, Api
from pilotage.integration.wrapper.document import Document
from pilotage.playbook.systems import HttpCall


class Made:
    """What the probe's writing calls have made, so that it can be taken back."""

    def __init__(self, api: Api, document: Document | None) -> None:
        self._api, self._document = api, document
        self._places: dict[str, bool] = {}  # where each thing is, and whether it is gone
        self._own: set[str] = set()  # those of them that were surely not there before
        self._unknown = 0

    def add(self, call: HttpCall, answer: Answer) -> None:
        """Remember what this answer says it made."""
        if not answer.good or call.method == "DELETE":
            return
        place = self._place(call, answer)
        if place is None:
            self._unknown += 1
        else:
            self._places.setdefault(place, False)
            self._own |= {place} if answer.status == 201 else set()

    def taken_back(self) -> str:
        """Delete all that can be deleted and was not yet; says what became of it."""
        for place, gone in self._places.items():
            if not gone:
                self._places[place] = self._deleted(place)
        left = [place for place, gone in self._places.items() if not gone]
        told = f"{len(self._places) - len(left)} of {len(self._places)} made were taken back"
        told += f"; left there: {', '.join(left)}" if left else ""
        return told + (f"; {self._unknown} answers do not say what they made" if self._unknown else "")

    def _deleted(self, place: str) -> bool:
        """Whether it is gone now. Only what a 201 named is deleted: anything else may be somebody's record."""
        if place not in self._own or self._document is None or self._document.template("DELETE", place) is None:
            return False
        try:
            answer = self._api.send("DELETE", place, self._api.headers)
        except (Fault, OSError):  # it stays on the list of what is left, which the evidence names
            return False
        return answer.good or answer.status in (404, 410)

    def _place(self, call: HttpCall, answer: Answer) -> str | None:
        """Where the thing is, from the address on: as Location says, or under its id; never on another host."""
        if location := answer.headers.get("Location"):
            base = urlsplit(self._api.address)
            to = urlsplit(urljoin(self._api.address + call.path, location))
            if (to.scheme, to.netloc) != (base.scheme, base.netloc):
                return None
            return to.path.removeprefix(base.path)
        value = answer.value
        if isinstance(value, dict) and isinstance(value.get("id"), str | int):
            return f"{call.path.partition('?')[0].rstrip('/')}/{quote(str(value['id']), safe='')}"
        return call.path if call.method == "PUT" else None
