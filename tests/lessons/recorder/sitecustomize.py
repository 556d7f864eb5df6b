"""Makes a local AWS write down what it asks of IAM. Python imports it at its start when this folder is on PYTHONPATH.

Each decision about a role is one line of JSON in the file that ``RECORDED_DECISIONS`` names, once for each action, resource and context.
"""

import json
import os
import sys
from pathlib import Path

DAEMON = "course.localaws.server.daemon"
CHANGING = {"aws:CurrentTime", "aws:EpochTime", "aws:userid"}  # with each call, and no policy here asks for them


def record(path: Path) -> None:
    """Write each decision of this process to the file."""
    from course.localaws.iam import authorization, callers

    known, decided = set(), authorization._KnownCaller._decided

    def recorded(self, policies, demand, general):
        request, decision = decided(self, policies, demand, general)
        keys = general(self.caller) | demand.keys()
        line = {
            "caller": self.caller.principal.arn.split(":")[5].split("/")[1],
            "action": demand.action,
            "resource": demand.resource,
            "context": {name: list(values) for name, values in sorted(keys.items()) if name not in CHANGING},
            "allowed": decision.allowed,
        }
        text = json.dumps(line)
        if text not in known:
            known.add(text)
            with path.open("a") as file:
                print(text, file=file)
        return request, decision

    authorization._KnownCaller._decided = recorded
    callers.CallerPolicies.allow_everything = False  # with which an action on every resource would be allowed without a decision


if DAEMON in sys.orig_argv and (named := os.environ.get("RECORDED_DECISIONS")):
    record(Path(named))
