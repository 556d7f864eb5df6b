"""m03_2: a service that computes some features in another way than training did. Three of its mistakes cost much AUC, two hardly any.

The costs of each mistake alone, at `COSTLY` and `HARMLESS`, were measured in November 2026 on 5,000 flights of July and August. Together
they cost other amounts: over twelve draws, repair of one of `COSTLY` gained .02 to .14, once nothing; of one of `HARMLESS` -.006 to .018.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

Mistake = Callable[["pd.Series"], "pd.Series"]

COSTLY: dict[str, dict[str, Mistake]] = {  # feature -> mistakes by their names; each alone loses .008 to .10 of AUC
    "minutes": {
        "UTC": lambda minutes: (minutes + 240) % 1440,  # New York's summer is UTC - 4
        "hhmm": lambda minutes: minutes // 60 * 100 + minutes % 60,
    },
    "mean_delay_2h": {"always 0": lambda delay: delay * 0, "hours": lambda delay: delay / 60},
    "temp": {"Celsius": lambda temp: (temp - 32) / 1.8},
    "pressure": {"pascals": lambda pressure: pressure * 100},
}
HARMLESS: dict[str, dict[str, Mistake]] = {  # each alone loses less than .006
    "distance": {"kilometres": lambda distance: distance * 1.609344},
    "wind_speed": {"metres a second": lambda wind: wind * 0.44704},
    "visib": {"kilometres": lambda visib: visib * 1.609344},
    "precip": {"millimetres": lambda precip: precip * 25.4},
}
COSTS, DOES_NOT = 3, 2  # how many of each are planted


def planted(rng: random.Random) -> dict[str, Mistake]:
    """The features that this learner's service gets wrong, and how."""
    chosen = [(COSTLY, name) for name in rng.sample(sorted(COSTLY), COSTS)]
    chosen += [(HARMLESS, name) for name in rng.sample(sorted(HARMLESS), DOES_NOT)]
    return {name: rng.choice([kinds[name][word] for word in sorted(kinds[name])]) for kinds, name in chosen}


def as_served(rows: pd.DataFrame, mistakes: dict[str, Mistake]) -> pd.DataFrame:
    """The features of these flights as a service with such mistakes computes them, to three decimals.

    Parameters
    ----------
    rows : DataFrame
        The features as training computes them, with at least those of ``mistakes``.
    mistakes : dict
        As `planted` returns it.
    """
    return rows.assign(**{name: mistake(rows[name]) for name, mistake in mistakes.items()}).round(3)
