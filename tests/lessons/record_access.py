"""Records which requests the reference notebooks of a lesson need, with its policies:

    python -m tests.lessons.record_access m04_training

writes ``recorded_access/m04_training.json``. Do so when a lesson's requests change. The file has each request once for a notebook, in one
form for all runs: `settled` replaces what changes with each run. Of the context it has what the policies depend on.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from datetime import date
from pathlib import Path

from tests.lessons.access_runs import ROLES, ROOT, Attempt, attempt, notebooks, policies

FOLDER = Path(__file__).parent / "recorded_access"
CONTEXT = ("aws:PrincipalAccount", "iam:PassedToService", "sagemaker:TaggingAction", "application-autoscaling:service-namespace")
# What names have of a run: suffixes of `unique`, the names of the checks, ids of pipeline executions, of objects and of scalable targets.
CHANGING = (
    (r"-[0-9a-f]{6}-[0-9a-f]{4}(?![0-9a-f])", "-1a2b3c-4d5e"),
    (r"\b((?:again|check|graded|practice)-(?:m\d\d-\d|pipeline-\d))-[0-9a-f]{8}", r"\1-1a2b3c4d"),
    (r"((?:-1a2b3c-4d5e|-1a2b3c4d)-)\d{14}", r"\g<1>20261201000000"),  # the SDK adds the time to a job's base name
    (r"\b(pipelines-)[a-z0-9]{12}(-[A-Za-z0-9]+-)[A-Za-z0-9]{10}", r"\g<1>1a2b3c4d5e6f\g<2>1a2b3c4d5e"),
    (r"/[a-z0-9]{12}-(tune)-[a-z0-9]{10}", r"/1a2b3c4d5e6f-\1-1a2b3c4d5e"),
    (r"/[a-z0-9]{12}-Tune-[A-Za-z0-9]{10}-(\d{3})-[0-9a-f]{8}/", r"/1a2b3c4d5e6f-Tune-1a2b3c4d5e-\1-1a2b3c4d/"),
    (r"/(m\d\d_\d)/[a-z0-9]{12}(?=/)", r"/\1/1a2b3c4d5e6f"),
    (r"/(?=[a-z]*\d)[a-z0-9]{12}(?=/|$)", "/1a2b3c4d5e6f"),
    (r"/execution/[a-z0-9]{12}", "/execution/1a2b3c4d5e6f"),
    (r"(sagemaker-xgboost-job-)\d{14}", r"\g<1>20261130000000"),
    (r"/[0-9a-f]{8}/", "/1a2b3c4d/"),
    (r"/[0-9a-f]{32,64}\b", "/1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d"),
)


def settled(resource: str) -> str:
    """A resource's ARN without what changes with each run."""
    for pattern, text in CHANGING:
        resource = re.sub(pattern, text, resource)
    return resource


def requests(made: Attempt) -> list[dict]:
    """The requests of a run that were allowed, each once, in order. Those that a run does without are none that it needs."""
    policy = {role: name for name, role in ROLES.items()}
    found = {}
    for each in made.decisions:
        if not each["allowed"]:
            continue
        context = {key: each["context"][key] for key in CONTEXT if key in each["context"]}
        one = {"policy": policy[each["caller"]], "action": each["action"], "resource": settled(each["resource"]), "context": context}
        found[json.dumps(one)] = one
    return [found[text] for text in sorted(found)]


def recorded(lesson: str) -> dict[str, list[dict]]:
    """The recorded requests of a lesson by notebook."""
    return json.loads((FOLDER / f"{lesson}.json").read_text())["notebooks"]


def main(lesson: str) -> None:
    found = {}
    for notebook in notebooks(lesson):
        with tempfile.TemporaryDirectory() as folder:
            made = attempt(notebook, policies(lesson), Path(folder))
        if not made.executed.ok:
            sys.exit(f"{notebook.stem}: {made.executed.error or f'{made.executed.earned} of {made.executed.points} points'}")
        found[notebook.stem] = requests(made)
    _write(lesson, found)


def _write(lesson: str, found: dict[str, list[dict]]) -> None:
    """One line for each request, so that a change shows which."""
    parts = [f'    "{name}": [\n' + ",\n".join(f"      {json.dumps(one)}" for one in found[name]) + "\n    ]" for name in found]
    head = f'  "source": "python -m tests.lessons.record_access {lesson}",\n  "date": "{date.today()}",\n'
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{lesson}.json"
    path.write_text("{\n" + head + '  "notebooks": {\n' + ",\n".join(parts) + "\n  }\n}\n")
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main(*sys.argv[1:])
