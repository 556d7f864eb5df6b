"""Draws a SageMaker pipeline from its definition, and the state of an execution into it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.plots import show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

# Member of the arguments that holds steps -> the label of the edges to them. Condition and ForEach steps have them.
BRANCHES = {"IfSteps": "true", "ElseSteps": "false", "ForEachBody": "each"}
NAME_WIDTH = 22  # characters of a line in a box
WIDTH, HEIGHT = 2.1, 0.9  # inches between the centres of two boxes


@dataclass(frozen=True, slots=True)
class Look:
    """How a status looks. Shape, line and mark differ, so that nobody needs to see the colour."""

    box: str
    line: str
    face: str
    mark: str


LOOKS = {
    "Succeeded": Look("round,pad=0.35,rounding_size=0.3", "-", "#d5e3f5", "✓"),
    "Failed": Look("square,pad=0.35", "-", "#f3c9bd", "✗"),
    "Executing": Look("round,pad=0.35,rounding_size=0.3", "--", "#fdf3d0", "…"),
    "Stopped": Look("square,pad=0.35", ":", "#e4e4e4", "■"),
    "": Look("round,pad=0.35,rounding_size=0.3", ":", "white", ""),
}
_SAME = {"Starting": "Executing", "Stopping": "Executing"}


@dataclass(frozen=True, slots=True)
class Graph:
    """A pipeline's steps and edges.

    Attributes
    ----------
    types : dict
        Step -> its type, in the definition's order.
    edges : dict
        Pair of steps -> the edge's label; ``""`` for an edge that is no branch.
    """

    types: dict[str, str]
    edges: dict[tuple[str, str], str]

    def layers(self) -> list[list[str]]:
        """The steps in columns: each is in the first column after all steps that it waits for."""
        column = dict.fromkeys(self.types, 0)
        for _ in self.types:
            for before, after in self.edges:
                column[after] = min(max(column[after], column[before] + 1), len(self.types))
        return [[step for step in self.types if column[step] == place] for place in sorted(set(column.values()))]

    def drawn_edges(self) -> dict[tuple[str, str], str]:
        """The edges without those that a longer way implies: if B waits for A and C for B, no arrow from A to C is needed."""
        after: dict[str, set[str]] = {step: set() for step in self.types}
        for layer in reversed(self.layers()):
            for step in layer:
                following = [end for start, end in self.edges if start == step]
                after[step].update(following, *(after[end] for end in following))
        return {
            (start, end): label
            for (start, end), label in self.edges.items()
            if label or not any(end in after[other] for first, other in self.edges if first == start and other != end)
        }


def draw_pipeline(definition: str | dict, steps: Iterable[Mapping] = ()) -> None:
    """Show a pipeline as a graph: a box for each step, an arrow to each step that waits for it.

    Parameters
    ----------
    definition : str or dict
        The pipeline's definition, as ``pipeline.definition()`` or DescribePipeline returns it.
    steps : iterable of dict
        The steps of an execution, as ``execution.list_steps()`` or ListPipelineExecutionSteps returns them. A step that has not started
        has a dotted box.

    Raises
    ------
    ValueError
        When the definition has no steps.
    """
    from matplotlib import pyplot

    graph = graph_of(json.loads(definition) if isinstance(definition, str) else definition)
    status = {step["StepName"]: step for step in steps}
    layers = graph.layers()
    tallest = max(map(len, layers))
    figure, axes = pyplot.subplots(figsize=(WIDTH * len(layers), HEIGHT * tallest + 0.2))
    places = {
        name: (WIDTH * column, HEIGHT * ((tallest - 1) / 2 + (len(layer) - 1) / 2 - row))
        for column, layer in enumerate(layers)
        for row, name in enumerate(layer)
    }
    boxes = {name: _box(axes, name, graph.types[name], place, status.get(name, {})) for name, place in places.items()}
    for (before, after), label in graph.drawn_edges().items():
        _arrow(axes, boxes[before], boxes[after], label)
    axes.set(xlim=(-WIDTH / 2, WIDTH * (len(layers) - 0.5)), ylim=(-HEIGHT / 2, HEIGHT * (tallest - 0.5)))
    axes.axis("off")
    show(figure, describe(graph, status))


def graph_of(definition: dict) -> Graph:
    """The graph of a parsed definition. Raises ValueError when it has no steps."""
    listed = list(_all_steps(definition.get("Steps") or []))
    if not listed:
        raise ValueError("the definition has no steps")
    types = {step["Name"]: step.get("Type", "") for step, _, _ in listed}
    edges: dict[tuple[str, str], str] = {}
    for step, around, label in listed:
        own = {name: value for name, value in (step.get("Arguments") or {}).items() if name not in BRANCHES}
        waits = [*_references(step | {"Arguments": own}), *map(_name, step.get("DependsOn") or [])]
        edges |= {(before, step["Name"]): "" for before in waits if before in types and before != step["Name"]}
        if around:
            edges[around, step["Name"]] = label
    return Graph(types, edges)


def describe(graph: Graph, status: Mapping[str, Mapping] | None = None) -> str:
    """The graph in words, for a screen reader."""
    status = status or {}
    lines = []
    for name, kind in graph.types.items():
        before = [f"{first} ({label})" if label else first for (first, second), label in graph.edges.items() if second == name]
        state = _state(status.get(name, {})) if status else ""
        lines.append(f"{name} ({kind}{', ' + state if state else ''})" + (f" after {', '.join(before)}" if before else ""))
    steps = "1 step" if len(lines) == 1 else f"{len(lines)} steps"
    return f"Graph of {steps}: {'; '.join(lines)}."


def _all_steps(steps: list[dict], around: str = "", label: str = "") -> Iterator[tuple[dict, str, str]]:
    """Each step with the step around it and the label of the edge from that; ``""`` for a step at the top."""
    for step in steps:
        yield step, around, label
        for member, inner in BRANCHES.items():
            yield from _all_steps((step.get("Arguments") or {}).get(member) or [], step["Name"], inner)


def _references(value: object) -> Iterator[str]:
    """The steps whose results a value uses."""
    if isinstance(value, dict):
        path = value.get("Get")
        if isinstance(path, str) and path.startswith("Steps."):
            yield path.split(".")[1]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _name(dependency: str | dict) -> str:
    """The step that an entry of ``DependsOn`` names."""
    return dependency if isinstance(dependency, str) else dependency.get("Step", "")


def _state(step: Mapping) -> str:
    if not step:
        return "not started"
    return "Succeeded from the cache" if step.get("CacheHitResult", {}).get("SourcePipelineExecutionArn") else step["StepStatus"]


def _box(axes: Axes, name: str, kind: str, place: tuple[float, float], step: Mapping) -> Text:
    state = step.get("StepStatus", "")
    look = LOOKS[_SAME.get(state, state)]
    cached = "from the cache" if _state(step).endswith("cache") else ""
    title = "\n".join(textwrap.wrap(name, NAME_WIDTH))
    text = "\n".join(filter(None, (f"{look.mark} {title}".strip(), kind, cached)))
    style = {"boxstyle": look.box, "linestyle": look.line, "facecolor": look.face, "edgecolor": "black"}
    return axes.text(*place, text, ha="center", va="center", fontsize=8, bbox=style)


def _arrow(axes: Axes, start: Text, end: Text, label: str) -> None:
    """An arrow between two boxes. It is drawn after them, since only then are their edges known."""
    line = {"arrowstyle": "->", "color": "0.35", "linestyle": "--" if label else "-", "shrinkA": 0, "shrinkB": 0}
    line |= {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch()}
    axes.annotate("", end.get_position(), start.get_position(), arrowprops=line, zorder=4)
    if label:
        (left, low), (right, high) = start.get_position(), end.get_position()
        axes.text(left + 0.55 * (right - left), low + 0.55 * (high - low), label, ha="center", va="bottom", fontsize=7)
