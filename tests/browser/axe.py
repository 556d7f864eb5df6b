"""Reports the serious and critical findings of axe-core on a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

BAD = ("serious", "critical")


def findings(page: Page, within: str | None = None) -> list[str]:
    """The serious and critical findings, one line each with the first affected elements; ``within`` is an optional CSS selector."""
    found = Axe().run(page, context=within).response["violations"]
    return [f"{each['id']}: {[node['html'] for node in each['nodes'][:3]]}" for each in found if each["impact"] in BAD]
