"""What the exercises of m02_1 show: columns and days of flights, by the module that the checks use, so that both agree."""

import importlib.util
import random
import sys

import pandas as pd

from course.grading import catalogue

_spec = importlib.util.spec_from_file_location("m02_1_cases", catalogue.root() / "m02_data_preparation" / "m02_1_cases.py")
_cases = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _cases
_spec.loader.exec_module(_cases)


def described_columns(rng: random.Random) -> dict[str, str]:
    """Names of columns, each with its description: those of practice, then those drawn by ``rng``."""
    return {column.name: column.description for column in (*_cases.PRACTICE_COLUMNS, *_cases.columns(rng))}


def day_of_flights(rng: random.Random) -> pd.DataFrame:
    """About three hundred flights of one day with plane and weather, as they should be."""
    return _cases.clean_day(rng)
