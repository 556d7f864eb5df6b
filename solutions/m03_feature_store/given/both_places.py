"""Runs in a Processing job: applies `features` of the module `shared` to flights of the history and to requests."""

import json
import sys
from pathlib import Path

FOLDER = Path("/opt/ml/processing")


def main() -> None:
    sys.path.insert(0, str(FOLDER / "input/code"))
    from shared import features  # the learner's module, which the job puts beside this script

    forms = json.loads((FOLDER / "input/flights/flights.json").read_text())
    found = {form: [features(flight) for flight in flights] for form, flights in forms.items()}
    (FOLDER / "output/features.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
