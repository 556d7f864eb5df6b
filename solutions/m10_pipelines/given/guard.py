"""The step that runs your check of a new table, and a sample of sound flights to compare it with."""

import inspect
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from given.monthly import BASE, here, processor
from given.parts import processing_input, processing_output
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.steps import ProcessingStep

FOUND = PropertyFile(name="Found", output_name="report", path="found.json")
BEFORE = """import json
from pathlib import Path

import pandas as pd

"""
AFTER = f"""

base = Path("{BASE}")
flights, known = (pd.read_parquet(next((base / name).glob("*.parquet"))) for name in ("flights", "known"))
found = GUARD(flights, known)
print(found)
(base / "report").mkdir(exist_ok=True)
(base / "report" / "found.json").write_text(json.dumps({{"count": len(found), "faults": "; ".join(map(str, found))}}))
"""


def check_step(aws: Any, session: Any, guard: Callable, flights: Any, known: Any) -> ProcessingStep:
    """Step ``Check``: runs the function ``guard`` on the table in the folder ``flights``.

    Its property file `FOUND` has ``count``, the number of faults, and ``faults``, all of them as one text. The function may use `pd` and
    what it imports itself, and nothing else from outside.
    """
    script = Path(tempfile.mkdtemp()) / "check_flights.py"
    script.write_text(BEFORE + textwrap.dedent(inspect.getsource(guard)) + AFTER.replace("GUARD", guard.__name__))
    arguments = processor(aws, session).run(
        code=str(script),
        inputs=[processing_input("flights", flights, f"{BASE}/flights"), processing_input("known", known, f"{BASE}/known")],
        outputs=[processing_output("report", f"{BASE}/report", here(aws, "report"))],
    )
    return ProcessingStep("Check", step_args=arguments, property_files=[FOUND])


def add_step(aws: Any, session: Any, flights: Any) -> ProcessingStep:
    """Step ``Add``: adds the flights of the table to those that models learn from."""
    arguments = processor(aws, session).run(
        code="given/add.py",
        inputs=[processing_input("flights", flights, f"{BASE}/flights")],
        outputs=[processing_output("added", f"{BASE}/added", here(aws, "added"))],
    )
    return ProcessingStep("Add", step_args=arguments)
