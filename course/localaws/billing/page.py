"""The ledger as a page: one HTML file without scripts, which a keyboard and a screen reader can use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from course.localaws.billing.ledger import REST, dollars, free_tier, within

# Names of resources are escaped. If one ever were not, a browser would still run and ask for nothing.
_POLICY = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
_STYLE = """
:root { color-scheme: light dark; --line: #8885; --bar: #3b7dd8; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; }
.total { font-size: 2.4rem; font-weight: 650; margin: .2rem 0; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0; }
caption { text-align: left; padding: .2rem 0; opacity: .8; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th, td { overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.bar { width: 30%; }
.bar span { display: block; height: .8rem; background: var(--bar); border-radius: 3px; min-width: 2px; margin-top: .4rem; }
footer { margin-top: 2.5rem; opacity: .8; font-size: .9rem; }
"""


def page(ledger: Mapping) -> str:
    """The HTML of a ledger, which `course.localaws.billing.ledger.ledger` returns."""
    now = datetime.fromtimestamp(ledger["now"], UTC).strftime("%d %B %Y, %H:%M UTC")
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        _POLICY,
        f"<title>Ledger of the local AWS</title><style>{_STYLE}</style></head><body><main>",
        "<h1>What this would have cost on AWS</h1>",
        f'<p class="total">{escape(dollars(ledger["total"]))}</p><p>Until {now} on the clock of the local AWS. You pay nothing.</p>',
        *_running(ledger["running"]),
        *_services(ledger),
        *_lessons(ledger["lessons"]),
        *(part for key, values in ledger["tags"].items() for part in _tag(key, values)),
    ]
    if ledger["unpriced"]:
        parts.append(f"<h2>Without a known price</h2><p>{escape(', '.join(ledger['unpriced']))}</p>")
    prices, free = ledger["prices"], free_tier(ledger)
    parts.append(f"<footer>Prices of {escape(prices['date'])}: {escape(prices['source'])}. Without taxes and discounts. {free}</footer>")
    return "\n".join([*parts, "</main></body></html>", ""])


def _running(running: Sequence[Mapping]) -> list[str]:
    if not running:
        return ["<h2>Now</h2><p>Nothing runs that AWS would bill.</p>"]
    rows = [
        [each["resource"], f"{each['quantity']:g} × {each['usage_type']}", "not known" if each["a_day"] is None else dollars(each["a_day"])]
        for each in running
    ]
    together = sum(each["a_day"] or 0.0 for each in running)
    caption = f"AWS would bill {dollars(together)} a day for what runs now."
    return ["<h2>Now</h2>", _table(caption, ("Resource", "What", "A day"), rows, numbers=(2,))]


def _services(ledger: Mapping) -> list[str]:
    parts, total = [], ledger["total"] or 1.0
    overview = [[each["name"], dollars(each["cost"]), each["cost"] / total] for each in ledger["services"]]
    parts += (
        ["<h2>By service</h2>", _table("All usage so far.", ("Service", "Cost", "Share"), overview, numbers=(1,), bar=2)]
        if overview
        else []
    )
    for service in ledger["services"]:
        rows = [
            [each["usage_type"], each["region"], f"{each['amount']:,.6g} {each['unit']}", dollars(each["cost"]), within(each)]
            for each in service["lines"]
        ]
        heads = ("Usage type", "Region", "Amount", "Cost", "Free tier")
        parts += [f"<h2>{escape(service['name'])}</h2>", _table("", heads, rows, numbers=(2, 3))]
    return parts


def _lessons(lessons: Mapping[str, float]) -> list[str]:
    rows = [[lesson or REST, dollars(cost)] for lesson, cost in lessons.items()]
    return ["<h2>By lesson</h2>", _table("", ("Lesson", "Cost"), rows, numbers=(1,))] if rows else []


def _tag(key: str, values: Mapping[str, float]) -> list[str]:
    rows = [[value or "(empty)", dollars(cost)] for value, cost in values.items()]
    return [f"<h2>By the tag {escape(key)}</h2>", _table("", ("Value", "Cost"), rows, numbers=(1,))]


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence], numbers: Sequence[int] = (), bar: int | None = None) -> str:
    def cell(number: int, value: object) -> str:
        if number == bar:
            share = f"{100 * float(value):.1f}%"
            return f'<td class="bar"><span style="width:{share}" aria-hidden="true"></span>{share}</td>'
        kind = ' class="number"' if number in numbers else ""
        return f'<th scope="row">{escape(str(value))}</th>' if number == 0 else f"<td{kind}>{escape(str(value))}</td>"

    head = "".join(
        f'<th scope="col"{" class=number" if number in numbers else ""}>{escape(name)}</th>' for number, name in enumerate(heads)
    )
    body = "".join(f"<tr>{''.join(cell(number, value) for number, value in enumerate(row))}</tr>" for row in rows)
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
