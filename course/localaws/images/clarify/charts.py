"""The drawings of the report, as SVG. Each job makes some, and matplotlib alone would take as long as the rest of a small job."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, ROW, TEXT = 900, 26, 14  # of a drawing, of a bar with its gap, of letters
NAMES = 270  # left of the bars
BLUE, RED, GREY, INK = "#0b57d0", "#b3261e", "#aeb6bf", "#1b1f24"
COLORS = (BLUE, RED, "#1a7f37", "#8250df", "#9a6700", "#0a7ea4")
LONGEST = 28  # characters of a name
MOST_NAMES = 12  # below a curve


def bars(values: Mapping[str, float]) -> str:
    """Horizontal bars with their names and numbers: blue to the right of zero, red to the left."""
    low, high = min(0.0, *values.values()), max(0.0, *values.values())
    span = (high - low) or 1.0
    room = WIDTH - NAMES - 170  # 80 for numbers on each side

    def place(value: float) -> float:
        return NAMES + 80 + (value - low) / span * room

    parts, zero = [], place(0.0)
    for number, (name, value) in enumerate(values.items()):
        top, end = number * ROW + 4, place(value)
        parts.append(_text(NAMES - 8, top + 14, name, "end"))
        parts.append(
            f'<rect x="{min(zero, end):.1f}" y="{top}" width="{abs(end - zero):.1f}" height="18" fill="{BLUE if value >= 0 else RED}"/>'
        )
        parts.append(_text(end + (6 if value >= 0 else -6), top + 14, f"{value:.3g}", "start" if value >= 0 else "end"))
    height = len(values) * ROW + 8
    parts.append(f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{height}" stroke="{INK}"/>')
    return _svg(height, parts)


def curves(values: Sequence[Any], lines: Mapping[str, Sequence[float]], shares: Sequence[float], numerical: bool) -> str:
    """Lines over the values of a feature, above bars that show the share of the rows.

    Parameters
    ----------
    values, shares : sequence
        Of the feature: its values and how many rows have them.
    lines : dict
        The mean predictions, for each output.
    numerical : bool
        Whether the values are numbers, which are placed by their size.
    """
    left, right, top, bottom = 70, 40, 14 + (len(lines) > 1) * 20, 36
    height = 260 + top + bottom
    numbers = [each for line in lines.values() for each in line]
    low, high = min(numbers), max(numbers)
    places = _spread([float(value) for value in values] if numerical else list(range(len(values))), left, WIDTH - right)
    wide = 0.8 * (WIDTH - left - right) / len(values)
    most = max(shares) or 1.0
    base = height - bottom

    def level(value: float) -> float:
        return base - 20 - (value - low) / ((high - low) or 1.0) * 220

    parts = []
    for place, share in zip(places, shares, strict=True):
        tall = share / most * 90
        box = f'x="{place - wide / 2:.1f}" y="{base - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}"'
        parts.append(f'<rect {box} fill="{GREY}" fill-opacity="0.45"/>')
    for number, (name, line) in enumerate(lines.items()):
        color = COLORS[number % len(COLORS)]
        points = [(place, level(value)) for place, value in zip(places, line, strict=True)]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{joined}" fill="none" stroke="{color}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}"/>' for x, y in points]
        if len(lines) > 1:
            parts.append(_text(left + number * 130, 16, name, "start", color))
    parts += [_text(left - 12, level(value) + 5, f"{value:.3g}", "end") for value in sorted({low, high})]
    parts.append(f'<line x1="{left - 6}" x2="{WIDTH - right + 6}" y1="{base}" y2="{base}" stroke="{INK}"/>')
    step = -(-len(values) // MOST_NAMES)
    shown = list(zip(places, values, strict=True))[::step]
    parts += [_text(place, base + 20, f"{value:.3g}" if numerical else str(value), "middle", longest=10) for place, value in shown]
    return _svg(height, parts)


def _spread(numbers: Sequence[float], left: float, right: float) -> list[float]:
    """Numbers as places from ``left`` to ``right``."""
    low, high = min(numbers), max(numbers)
    margin = (right - left) / (2 * len(numbers))
    return [left + margin + (number - low) / ((high - low) or 1.0) * (right - left - 2 * margin) for number in numbers]


def _text(x: float, y: float, text: str, anchor: str, color: str = INK, longest: int = LONGEST) -> str:
    short = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}" font-size="{TEXT}">{html.escape(short)}</text>'


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" font-family="system-ui, sans-serif" aria-hidden="true">{"".join(parts)}</svg>'
