"""Plots with alternative texts."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

from IPython.display import display

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def show(figure: Figure, alt: str) -> None:
    """Show a plot below the cell, with a text that a screen reader reads instead, and close it.

    JupyterLab and nbconvert show the images of `matplotlib.pyplot.show` without such a text.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        The kind of plot, what its axes show, and its series. The words after the plot say what to see in it.
    """
    from matplotlib import pyplot

    image = io.BytesIO()
    figure.savefig(image, format="png", bbox_inches="tight")
    pyplot.close(figure)  # else the end of the cell shows it again
    source = base64.b64encode(image.getvalue()).decode()
    display({"text/html": f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">', "text/plain": alt}, raw=True)
