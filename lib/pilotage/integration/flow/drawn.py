"""The directly-follows graph as a figure: activities from top to bottom, returns on the left, everything else right.

No graph library: an activity stands where a case usually meets it, and arcs that would cross lie in lanes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotage import figures
from pilotage.integration.flow.mined import Flow
from pilotage.integration.flow.words import duration, flow_finding
from pilotage.words import count, listed, number, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_EDGES, MOST_ACTIVITIES = 18, 15
ENOUGH = 0.97  # share of the steps at which further edges are left out
_WIDTH, _HALF, _HEIGHT = 7.0, 1.08, 0.5  # inches: of the figure, half a box's width; of a row, a box's height
_LABEL, _LANE = 0.85, 0.62  # inches: a label's width, the most between two lanes
_NAME = 28  # characters of an activity's name
_WORTH_MOVING = 0.02  # share of the steps shown that must turn forward before an activity leaves its place
_SPOTS = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)  # along an arc, where its label may stand


@dataclass(frozen=True)
class Drawn:
    """What is shown of the graph: activities from top to bottom, edges, and the steps that they are."""

    activities: list[str]
    edges: list[Any]
    steps: int
    all_edges: int
    all_steps: int

    @property
    def left_out(self) -> str:
        """What the figure leaves out, in words; empty where it shows all."""
        if len(self.edges) == self.all_edges:
            return ""
        share = number(self.steps / self.all_steps, "share")
        return f"shows {len(self.edges):,} of {count(self.all_edges, 'edges')}, {share} of steps"


def drawn(flow: Flow) -> Drawn:
    """The most frequent edges until they are nearly all steps, among the most frequent activities."""
    busiest = flow.activities.sort_values(["times", "activity"], ascending=[False, True])["activity"]
    known = set(busiest[:MOST_ACTIVITIES])
    chosen: list[Any] = []
    steps = 0
    for edge in flow.edges.itertuples():
        if len(chosen) == MOST_EDGES or steps >= ENOUGH * flow.steps:
            break
        if {edge.activity, edge.next_activity} <= known:
            chosen.append(edge)
            steps += int(edge.times)
    met = {name for edge in chosen for name in (edge.activity, edge.next_activity)}
    names = [name for name in flow.activities["activity"] if name in met]
    return Drawn(_downwards(names, chosen), chosen, steps, len(flow.edges), flow.steps)


def _downwards(names: list[str], edges: list[Any]) -> list[str]:
    """The activities by mean position, each moved where it turns most steps from returns into steps forward."""

    def back(order: list[str]) -> int:
        place = {name: spot for spot, name in enumerate(order)}
        return sum(edge.times for edge in edges if place[edge.activity] > place[edge.next_activity])

    enough = _WORTH_MOVING * sum(edge.times for edge in edges)
    for name in list(names):
        rest = [other for other in names if other != name]
        best = min(([*rest[:spot], name, *rest[spot:]] for spot in range(len(names))), key=back)
        names = best if back(names) - back(best) > enough else names
    return names


def flow_figure(flow: Flow) -> Figure | None:
    """The graph with the frequency and median wait of each edge; None where no case has two events."""
    shown = drawn(flow)
    if not shown.edges:
        return None
    figure, axes = figures.canvas(flow_finding(flow), height_in=1.3 + 0.66 * len(shown.activities))
    place = {name: -spot for spot, name in enumerate(shown.activities)}
    times = dict(zip(flow.activities["activity"], flow.activities["times"], strict=True))
    left, right = _edges(axes, shown, place)
    for name, y in place.items():
        _box(axes, name, y, int(times[name]))
    axes.set_xlim(-left, right)
    axes.set_ylim(-len(place) + 0.35, 0.55)
    axes.axis("off")
    if shown.left_out:
        axes.text(0, 0, shown.left_out, transform=axes.transAxes, fontsize=8, color=figures.SOFT, va="top")
    return figure


def flow_alt(flow: Flow) -> str:
    """The figure in words; what is lacking where nothing can be drawn."""
    shown = drawn(flow)
    if not shown.edges:
        return flow_finding(flow)
    names = [plain(edge.activity, 60) + " to " + plain(edge.next_activity, 60) for edge in shown.edges[:3]]
    told = [f"{name} {edge.times:,} times" for name, edge in zip(names, shown.edges, strict=False)]
    rest = f" It {shown.left_out}." if shown.left_out else ""
    start = f"Graph of what follows what among {count(len(shown.activities), 'activities')}, most often {listed(told)}."
    return f"{start} {flow_finding(flow)}{rest}"


def _edges(axes: Axes, shown: Drawn, place: dict[str, int]) -> tuple[float, float]:
    """Draws the edges; how far they reach to the left and to the right, in inches."""
    most = max(edge.times for edge in shown.edges)
    sides = _sides(shown, place)
    lanes = {side: _lanes(sides[side], place) for side in (-1, 1)}
    deep = {side: max(lanes[side], default=0) for side in (-1, 1)}
    apart = min(_LANE, (_WIDTH - 2 * _HALF - _LABEL) / max(1, deep[-1] + deep[1]))
    labels: list[tuple[float, float]] = []
    for edge in sides[0]:
        _straight(axes, place[edge.activity], _thickness(edge, most), _told(edge), labels)
    for side in (-1, 1):
        for edge, lane in zip(sides[side], lanes[side], strict=True):
            ends = place[edge.activity], place[edge.next_activity]
            _arc(axes, side, apart * lane, ends, _thickness(edge, most), _told(edge), labels)
    return tuple(_HALF + apart * deep[side] + _LABEL / 2 for side in (-1, 1))  # type: ignore[return-value]


def _thickness(edge: Any, most: int) -> float:
    return float(0.6 + 3.4 * edge.times / most)


def _told(edge: Any) -> str:
    return f"{edge.times:,} · {duration(edge.p50_s)}"


def _sides(shown: Drawn, place: dict[str, int]) -> dict[int, list[Any]]:
    """Edges to the next activity (0), further on (1) and back or to itself (-1); in each, short ones first."""
    sides: dict[int, list[Any]] = {0: [], 1: [], -1: []}
    for edge in shown.edges:
        down = place[edge.activity] - place[edge.next_activity]
        sides[-1 if down <= 0 else 0 if down == 1 else 1].append(edge)
    for edges in sides.values():
        edges.sort(key=lambda edge: (abs(place[edge.activity] - place[edge.next_activity]), -edge.times))
    return sides


def _lanes(edges: list[Any], place: dict[str, int]) -> list[int]:
    """The lane of each arc, from 1: the first in which no other spans the same rows."""
    taken: list[list[tuple[int, int]]] = []
    lanes = []
    for edge in edges:
        low, high = sorted((place[edge.activity], place[edge.next_activity]))
        lane = next((n for n, spans in enumerate(taken) if all(high <= a or low >= b for a, b in spans)), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        lanes.append(lane + 1)
    return lanes


def _straight(axes: Axes, start: int, width: float, label: str, labels: list[tuple[float, float]]) -> None:
    style = {
        "arrowstyle": "-|>", "linewidth": width, "color": figures.INK, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 11,
    }  # fmt: skip
    axes.annotate("", (0, start - 1 + _HEIGHT / 2), (0, start - _HEIGHT / 2), arrowprops=style)
    labels.append((_LABEL / 2, start - 0.5))
    _label(axes, 0.08, start - 0.5, label, "left", figures.INK)


def _arc(
    axes: Axes, side: int, out: float, ends: tuple[int, int], width: float, label: str,
    labels: list[tuple[float, float]],
) -> None:  # fmt: skip
    """An arc beside the boxes, its label where none stands yet; an activity's own loop is a small one."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    loop = ends[0] == ends[1]
    gap = 0.15 if loop else -0.09 if ends[0] > ends[1] else 0.09
    start, end = ends[0] + gap, ends[1] - gap
    near, far = side * _HALF, side * (_HALF + (0.2 if loop else out) * 4 / 3)
    points = [(near, start), (far, start), (far, end), (near, end)]
    colour = figures.DOUBT if side < 0 else figures.INK
    axes.add_patch(
        FancyArrowPatch(
            path=Path(points, [1, 4, 4, 4]), arrowstyle="-|>", linewidth=width, color=colour, mutation_scale=10,
            fill=False, alpha=0.85,
        )
    )  # fmt: skip
    if loop:
        spots = [(side * (_HALF + 0.2 + _LABEL / 2), float(ends[0]))]
    else:
        spots = [_on_curve(points, spot) for spot in _SPOTS]
    x, y = next((spot for spot in spots if _free(spot, labels)), spots[0])
    labels.append((x, y))
    _label(axes, x, y, label, "center", colour)


def _on_curve(points: list[tuple[float, float]], t: float) -> tuple[float, float]:
    """The point of a cubic Bézier curve at t."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x, y = (sum(w * point[axis] for w, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def _free(spot: tuple[float, float], labels: list[tuple[float, float]]) -> bool:
    """Whether a label there covers neither another one nor a box's name."""
    x, y = spot
    beside = abs(x) >= _HALF + _LABEL / 2 - 0.1 or abs(y - round(y)) > _HEIGHT / 2
    return beside and all(abs(x - a) >= _LABEL or abs(y - b) >= 0.26 for a, b in labels)


def _label(axes: Axes, x: float, y: float, label: str, align: str, colour: str) -> None:
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.9}
    axes.text(x, y, label, ha=align, va="center", fontsize=7.5, color=colour, bbox=behind, zorder=5)


def _box(axes: Axes, name: str, y: int, times: int) -> None:
    from matplotlib.patches import FancyBboxPatch

    box = FancyBboxPatch(
        (-_HALF, y - _HEIGHT / 2), 2 * _HALF, _HEIGHT, boxstyle="round,pad=0,rounding_size=0.12", facecolor="#eef1f4",
        edgecolor=figures.SOFT, linewidth=0.8, zorder=4,
    )  # fmt: skip
    axes.add_patch(box)
    axes.text(0, y + 0.08, figures.literal(name, _NAME), ha="center", va="center", fontsize=8.5, zorder=6)
    axes.text(0, y - 0.14, f"{times:,}", ha="center", va="center", fontsize=7, color=figures.SOFT, zorder=6)
