"""Pictures that need more lines than they have to say."""

from collections import Counter

import pandas as pd
from matplotlib import pyplot as plt

from course import show


def releases_picture(releases: dict[str, list[Counter]]) -> None:
    """Requests of each release by its minutes, ``answered`` or ``ModelError``; none, no picture."""
    if not releases:
        return
    figure, axes = plt.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    for place, (key, counted) in zip(axes, releases.items(), strict=False):
        told = pd.DataFrame(counted, columns=["answered", "ModelError"]).fillna(0)
        place.bar(told.index + 1, told.answered, color="#b9c4d6", edgecolor="black", label="answered")
        place.bar(told.index + 1, told.ModelError, bottom=told.answered, color="black", label="failed")
        place.set(
            title=f"{key}: {told.ModelError.sum():.0f} of {told.to_numpy().sum():.0f} requests failed", xlabel="minute of the release"
        )
        place.xaxis.get_major_locator().set_params(integer=True)
        place.set_ylim(0, 1.3 * told.sum(axis=1).max())
        place.legend(loc="upper right", ncols=2, fontsize=8)
    axes[0].set_ylabel("requests")
    show(figure, "A panel for each release: requests by minute, answered and failed.")
