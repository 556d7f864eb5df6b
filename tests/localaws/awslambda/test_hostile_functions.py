"""Functions that write what only their runtime writes: the caller reads that the function failed, and the next ones work."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.localaws.awslambda.programs import create, invoke

# Its event says what it writes: the answer's file, if any, and the message after the runtime's token.
FORGES = """
import os, sys, time
def handler(event, context):
    folder, token = sys.argv[1:]
    answer = os.path.join(folder, "answer")
    if os.path.lexists(answer):  # that of the last invocation
        os.remove(answer)
    if event.get("link"):
        os.symlink("/etc/hostname", answer)
    elif "answer" in event:
        open(answer, "w").write(event["answer"])
    if "says" in event:
        os.write(1, f"\\n{token} {event['says']}\\n".encode())
        time.sleep(60)
    return "honest"
"""
IMPORTS = """
import os, sys, time
folder, token = sys.argv[1:]
open(os.path.join(folder, "answer"), "w").write(ANSWER)
os.write(1, ("\\n%s %s\\n" % (token, '{"memory": 1, "failed": true}')).encode())
time.sleep(60)
"""
SAYS = {
    "no JSON": "nonsense",
    "nested": "[" * 20_000,
    "a list": "[]",
    "nothing": "{}",
    "a text": json.dumps({"memory": "1", "failed": False}),
    "no number": '{"memory": NaN, "failed": false}',
    "more than all": '{"memory": 1e400, "failed": false}',
    "a number": '{"memory": 1, "failed": 0}',
}
READY = json.dumps({"memory": 1, "failed": False})


@pytest.fixture(scope="module")
def function(client: Callable) -> str:
    create(client, "forges", FORGES)
    return "forges"


@pytest.mark.parametrize("kind", SAYS)
def test_a_forged_message_ends_the_function(client: Callable, function: str, kind: str) -> None:
    answer = invoke(client, function, {"says": SAYS[kind], "answer": "1"})
    assert (answer["FunctionError"], answer["Payload"]["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert invoke(client, function)["Payload"] == "honest"


@pytest.mark.parametrize("event", [{}, {"link": True}], ids=["none", "a link"])
def test_an_answer_that_is_not_there(client: Callable, function: str, event: dict) -> None:
    answer = invoke(client, function, event | {"says": READY})
    assert (answer["FunctionError"], answer["Payload"]["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert invoke(client, function)["Payload"] == "honest"


@pytest.mark.parametrize("answer", ["nonsense", "[]", '{"errorType": "Runtime.ExitError"}'], ids=["no JSON", "a list", "half"])
def test_a_forged_error_of_the_import(client: Callable, answer: str, request: pytest.FixtureRequest) -> None:
    name = f"imports-{request.node.callspec.id.replace(' ', '-')}"
    create(client, name, IMPORTS.replace("ANSWER", repr(answer)))
    answered = client("lambda").invoke(FunctionName=name, Payload="{}")
    assert (answered["FunctionError"], answered["Payload"].read()) == ("Unhandled", answer.encode())
