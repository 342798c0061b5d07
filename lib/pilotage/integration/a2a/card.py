"""The agent card: fetched, checked against the protocol's own types, and in the form in which it is pinned."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from a2a.compat.v0_3.types import AgentCard as OlderCard
from a2a.types import AgentCard

from pilotage.agents.a2a_forms import Interface, NotA2a, card_url, interfaces, may_follow, number_of, origin
from pilotage.integration.a2a.form import check_form, check_older_form
from pilotage.integration.a2a.wire import Wire
from pilotage.integration.checks import Fault
from pilotage.words import plain

LONGEST_CARD = 2**20  # bytes
HERE = "{address}"  # stands for the probed address in a pinned card


async def fetch_card(wire: Wire, address: str) -> dict[str, Any]:
    """The card as it is served; fetched without the token first, since cards are mostly public."""
    url = card_url(address)
    reply = await wire.fetch(url, longest=LONGEST_CARD)
    if reply.status in (401, 403) and wire.token:
        reply = await wire.fetch(url, wire.token, LONGEST_CARD)
    if reply.status != 200:
        to = f", which points to {reply.location}" if reply.location else ""
        raise Fault("card_not_found", f"{url} answers with status {reply.status}{to}")
    try:
        card = reply.json()
    except NotA2a:
        raise Fault("card_not_json", f"{url} begins with {reply.start()}") from None
    if not isinstance(card, dict):
        raise Fault("card_not_json", f"{url} holds no JSON object but begins with {reply.start()}")
    return card


def check_card(card: dict[str, Any]) -> None:
    """Fault where fields are of a wrong type, or required ones are missing; those of other versions are let pass."""
    try:
        if "supportedInterfaces" not in card and "protocolVersion" in card:
            check_older_form(card, OlderCard)
        else:
            check_form(card, AgentCard, may_be_empty=("skills",))  # an agent that lists no skill still works
    except NotA2a as wrong:
        raise Fault("card_invalid", f"the card cannot be read as an agent card: {wrong}") from None


def check_urls(card: dict[str, Any], address: str) -> str:
    """What to say of the card's URLs; Fault where one leads to another host."""
    declared = interfaces(card)
    if odd := [plain(one.url, 200) for one in declared if one.binding != "GRPC" and not _whole(one.url)]:
        raise Fault("card_invalid", f"no whole URL such as https://host/path: {', '.join(odd)}")
    if away := [one.url for one in declared if not leads_here(one, address)]:
        raise Fault("foreign_url", f"the card of {address} sends callers to {', '.join(away)}")
    return f"{len(declared)} URLs, all on the host of the card"


def _whole(url: str) -> bool:
    """Whether it is a URL that callers can go to without guessing: a scheme, a host, and a port that is a number."""
    try:
        parts = urlsplit(url)
        return bool(parts.scheme and parts.hostname) and parts.port != 0
    except ValueError:
        return False


def leads_here(interface: Interface, address: str) -> bool:
    """Whether its URL is on the address' host; gRPC, to which no token is sent, also has targets as host:50051."""
    if interface.binding == "GRPC":
        return may_follow("http:" + address.partition(":")[2], f"http://{interface.url.rpartition('//')[2]}")
    return may_follow(address, interface.url)


def check_version(card: dict[str, Any], pinned: tuple[str, ...]) -> str:
    """What to say of the versions that the card offers; Fault where none of them is pinned."""
    offered = sorted({one.version for one in interfaces(card)})
    if not {one.number for one in interfaces(card)} & {number_of(one) for one in pinned}:
        raise Fault("wrong_version", f"the card offers {', '.join(offered) or 'none'}; pinned: {', '.join(pinned)}")
    return f"offers {', '.join(offered)}"


def pinned_form(card: dict[str, Any], address: str) -> dict[str, Any]:
    """The card as it is pinned.

    The probed address is replaced: where the agent is reached is the playbook's to say, and an embedded example has
    another port each time. A URL to any other host stays, so that a card that moves away is a changed card. Signatures
    are left out, since a card that is signed anew at each request has others each time.
    """
    kept = {key: value for key, value in card.items() if key != "signatures"}
    try:
        form: dict[str, Any] = _without_address(kept, origin(address))
    except RecursionError:
        raise Fault("card_invalid", "the card is nested without end") from None
    return form


def _without_address(value: Any, here: tuple[str, str | None, int | None]) -> Any:
    if isinstance(value, dict):
        return {key: _without_address(one, here) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_address(one, here) for one in value]
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        scheme, _, rest = value.partition("://")
        host, slash, path = rest.partition("/")
        try:
            return HERE + slash + path if origin(f"{scheme}://{host}") == here else value
        except ValueError:  # a port that is no number
            return value
    return value
