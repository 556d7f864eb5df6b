"""Operates a notebook in JupyterLab as a learner does, in Chromium by mouse and keyboard. It waits on JupyterLab's own model.

The page itself is not enough to wait on. The kernel's indicator shows "idle" before JupyterLab knows the kernel. A cell that is run after
JupyterLab has requested a kernel, but before it has one, never runs: its brackets stay empty.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError

from course.doctor import BROWSERS

TOKEN = "of-this-test"
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
START_SECONDS = 180
MILLISECONDS = 240_000  # for anything on the page, such as a kernel start or a training job

IN_FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)"  # JupyterLab reopens earlier files in background tabs
KERNEL_IS_IDLE = """path => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const session = panel?.sessionContext;
    const kernel = session?.session?.kernel;
    return panel?.context?.path === path && session?.isReady && kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
KERNEL = "() => jupyterapp.shell.currentWidget.sessionContext.kernelDisplayName"
CODE_CELLS = """() => jupyterapp.shell.currentWidget.content.widgets.flatMap(({model}, place) => model.type === 'code' ? [{
    place,
    ran: model.executionState === 'running' ? null : model.executionCount,
    error: model.toJSON().outputs.find(output => output.output_type === 'error')?.evalue ?? null,
}] : [])"""


def options(port: int) -> list[str]:
    """JupyterLab's options for a test: this loopback port, no browser window, and its model exposed to scripts on the page."""
    return [
        "--no-browser",
        f"--port={port}",
        "--ServerApp.ip=127.0.0.1",
        f"--IdentityProvider.token={TOKEN}",
        "--LabApp.expose_app_in_browser=True",
    ]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def wait_until_it_answers(process: subprocess.Popen, port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=10).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab does not answer:\n{log.read_text()}")


def open_in_page(page: Page, path: str) -> str:
    """Open a notebook in an open JupyterLab page, wait for its kernel or a dialog, and return the kernel's name."""
    page.evaluate("path => { jupyterapp.commands.execute('docmanager:open', {path}); }", path)
    page.wait_for_function(f"path => document.querySelector('.jp-Dialog') || ({KERNEL_IS_IDLE})(path)", arg=path)
    return page.evaluate(KERNEL)


class Notebook:
    """The notebook that a JupyterLab page shows, with a kernel that is ready. Cells are numbered from 0."""

    def __init__(self, page: Page, port: int, path: str) -> None:
        self.page = page
        page.goto(f"http://127.0.0.1:{port}/lab/tree/{path}?token={TOKEN}")
        self._wait("the kernel to be idle", KERNEL_IS_IDLE, path)

    def cell(self, place: int) -> Locator:
        return self.page.locator(f"{IN_FRONT} .jp-Cell").nth(place)

    def kernel(self) -> str:
        """The name that JupyterLab shows for its kernel."""
        return self.page.evaluate(KERNEL)

    def output(self, place: int) -> str:
        return self.cell(place).locator(".jp-OutputArea-output").first.inner_text()

    def run_all(self) -> None:
        """Run > Run All Cells; returns when each has run.

        Raises
        ------
        AssertionError
            When a cell raised an error; JupyterLab then runs no further cell.
        """
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self._wait_for_cells("every cell to run", "cells => cells.every(cell => cell.ran)")

    def run(self, place: int, code: str | None = None) -> None:
        """Click into a cell, replace its text with ``code`` if given, and press Shift+Enter; returns when the cell has run.

        Raises
        ------
        AssertionError
            When the cell raised an error.
        """
        before = next(cell["ran"] for cell in self.page.evaluate(CODE_CELLS) if cell["place"] == place)
        self.cell(place).scroll_into_view_if_needed()
        self.cell(place).locator(".cm-content").click()
        if code is not None:
            self.page.keyboard.press("Control+a")
            self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Shift+Enter")
        ran = f"({{place, ran}}) => place === {place} && ran && ran !== {before or 0}"
        self._wait_for_cells(f"cell {place} to run", f"cells => cells.some({ran})")

    def _wait_for_cells(self, what: str, condition: str) -> None:
        self._wait(what, f"() => {{ const cells = ({CODE_CELLS})(); return cells.some(cell => cell.error) || ({condition})(cells); }}")
        raised = [cell for cell in self.page.evaluate(CODE_CELLS) if cell["error"]]
        assert not raised, f"cell {raised[0]['place']} raised: {raised[0]['error']}"

    def _wait(self, what: str, condition: str, argument: str | None = None) -> None:
        try:
            self.page.wait_for_function(condition, arg=argument, timeout=MILLISECONDS, polling=200)
        except TimeoutError as error:
            shown = self.page.locator(f".jp-Dialog, {IN_FRONT} .jp-InputPrompt").all_inner_texts()
            raise AssertionError(f"waited {MILLISECONDS // 1000} s for {what}; the page shows {shown}") from error
