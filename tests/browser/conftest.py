"""Provides a page of Chromium. Without Chromium the tests are skipped, except in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from .jupyterlab import BROWSER, MILLISECONDS


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if not BROWSER and not os.environ.get("CI"):
        pytest.skip("no Chromium here; `.ci/browser` installs Debian's, until 2027-05-24")
    assert BROWSER, "no Chromium, though this is CI; `.ci/browser` installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.set_default_timeout(MILLISECONDS)
        yield page
        browser.close()
