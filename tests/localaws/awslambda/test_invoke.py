"""Functions run: results, errors, limits, log lines and the environment that the code sees."""

from __future__ import annotations

import base64
import json
import re

import pytest

from tests.localaws.awslambda.programs import create, invoke, log, package

CODE = """
import logging, os, sys, threading, time
import boto3

print("imported")
calls = 0
logger = logging.getLogger()
logger.setLevel(logging.INFO)

def do_nothing(event, context):
    return event

def do_count(event, context):
    global calls
    calls += 1
    return {"calls": calls, "pid": os.getpid()}

def do_context(event, context):
    return {
        "id": context.aws_request_id, "name": context.function_name, "version": context.function_version,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb, "group": context.log_group_name, "left": context.get_remaining_time_in_millis(),
        "custom": context.client_context and context.client_context.custom,
    }

def do_environment(event, context):
    return {"cwd": os.getcwd(), "file": __file__, "variables": dict(os.environ), "caller": boto3.client("sts").get_caller_identity()["Arn"]}

def do_print(event, context):
    print("first")
    logger.info("second\\nline")
    print("no end", end="")

def do_raise(event, context):
    raise ValueError("wrong")

def do_exit(event, context):
    sys.exit(3)

def do_sleep(event, context):
    print("going to sleep")
    time.sleep(600)

def do_fill(event, context):
    kept = bytearray(500 << 20)
    kept[::4096] = b"x" * len(kept[::4096])
    time.sleep(600)

def do_large(event, context):
    return "x" * 6_291_556

def do_set(event, context):
    return {1}

def do_replace(event, context):
    os.remove("/opt/ml/answer") if os.path.exists("/opt/ml/answer") else None
    os.symlink("/etc/passwd", "/opt/ml/answer")

def do_pipe(event, context):
    os.remove("/opt/ml/request")
    os.mkfifo("/opt/ml/request")

def handler(event, context):
    return globals()["do_" + event.get("do", "nothing")](event, context)
"""


@pytest.fixture(scope="module")
def function(client, role) -> str:
    return create(client, "runs", CODE, Environment={"Variables": {"MINE": "1"}})["FunctionName"]


def test_the_result_is_the_handlers(client, function):
    answer = invoke(client, function, {"a": [1, None, "ü"]})
    assert (answer["StatusCode"], answer["ExecutedVersion"], "FunctionError" in answer) == (200, "$LATEST", False)
    assert answer["Payload"] == {"a": [1, None, "ü"]}
    assert json.loads(client("lambda").invoke(FunctionName=function)["Payload"].read()) == {}  # without an event


def test_a_warm_process_answers_again(client, function):
    first, second = (invoke(client, function, {"do": "count"}) for _ in range(2))
    assert (second["Payload"]["calls"], second["Payload"]["pid"]) == (first["Payload"]["calls"] + 1, first["Payload"]["pid"])
    assert "Init Duration" not in second["LogResult"]


def test_the_context_describes_the_invocation(client, function):
    custom = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
    answer = invoke(client, function, {"do": "context"}, ClientContext=custom)
    shown = answer["Payload"]
    assert 0 < shown.pop("left") <= 60_000
    assert shown == {
        "id": answer["ResponseMetadata"]["RequestId"],
        "name": "runs",
        "version": "$LATEST",
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:runs",
        "memory": "128",
        "group": "/aws/lambda/runs",
        "custom": {"k": "v"},
    }


def test_the_code_sees_awss_variables_and_calls_the_local_aws_as_its_role(client, function):
    seen = invoke(client, function, {"do": "environment"})["Payload"]
    assert seen["caller"] == "arn:aws:sts::123456789012:assumed-role/LambdaTestRole/runs"
    variables = seen["variables"]
    assert (variables["MINE"], variables["_HANDLER"], variables["AWS_EXECUTION_ENV"]) == ("1", "app.handler", "AWS_Lambda_python3.12")
    assert (variables["AWS_REGION"], variables["AWS_LAMBDA_FUNCTION_NAME"]) == ("us-east-1", "runs")
    assert variables["LAMBDA_TASK_ROOT"] == seen["cwd"]


def test_what_it_prints_is_in_the_log_and_in_the_tail(client, function):
    answer = invoke(client, function, {"do": "print"})
    id = answer["ResponseMetadata"]["RequestId"]
    assert answer["Payload"] is None
    tail = answer["LogResult"]
    report = (
        re.escape(f"REPORT RequestId: {id}\tDuration: ")
        + r"[\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t"
    )
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.search(
        rf"START RequestId: {id} Version: \$LATEST\nfirst\n\[INFO\]\t{stamp}\t{id}\tsecond\nline\nno end\nEND RequestId: {id}\n{report}",
        tail,
    )
    messages = log(client, function)
    assert "".join(messages).endswith(tail[tail.index("START") :])
    assert any(message.endswith("\tsecond\nline\n") for message in messages)  # one event


def test_an_exception_is_the_callers_error_and_in_the_log(client, function):
    answer = invoke(client, function, {"do": "raise"})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    error = answer["Payload"]
    assert (error["errorMessage"], error["errorType"]) == ("wrong", "ValueError")
    assert error["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert error["stackTrace"][-1].startswith('  File "/var/task/app.py", line ')
    assert error["stackTrace"][-1].endswith('in do_raise\n    raise ValueError("wrong")\n')
    assert "[ERROR] ValueError: wrong\nTraceback (most recent call last):\n" in answer["LogResult"]


def test_a_result_that_json_cannot_hold_is_an_error(client, function):
    error = invoke(client, function, {"do": "set"})["Payload"]
    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"].startswith("Unable to marshal response: Object of type set is not JSON serializable")


def test_a_result_that_is_too_large_is_an_error(client, function):
    assert invoke(client, function, {"do": "large"})["Payload"] == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }


def test_a_process_that_ends_is_an_error_and_the_next_invocation_gets_a_new_one(client, function):
    answer = invoke(client, function, {"do": "exit"})
    id = answer["ResponseMetadata"]["RequestId"]
    assert answer["Payload"] == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {id} Error: Runtime exited with error: exit status 3",
    }
    again = invoke(client, function, {"do": "count"})
    assert again["Payload"]["calls"] == 1
    assert "Init Duration: " in again["LogResult"]


def test_a_function_that_takes_too_long_is_ended(client):
    create(client, "slow", CODE, Timeout=1)
    answer = invoke(client, "slow", {"do": "sleep"})
    id = answer["ResponseMetadata"]["RequestId"]
    assert (answer["FunctionError"], answer["Payload"]) == (
        "Unhandled",
        {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {id} Error: Task timed out after 1.00 seconds"},
    )
    assert f"{id} Task timed out after 1.00 seconds" in answer["LogResult"]
    assert "Duration: 1000.00 ms" in answer["LogResult"]
    assert "\tStatus: timeout" in answer["LogResult"]


def test_a_function_that_needs_too_much_memory_is_ended(client, function):
    answer = invoke(client, function, {"do": "fill"})
    assert answer["Payload"]["errorType"] == "Runtime.OutOfMemory"
    assert answer["Payload"]["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("absent.handler", "Runtime.ImportModuleError", "Unable to import module 'absent': No module named 'absent'"),
        ("app.absent", "Runtime.HandlerNotFound", "Handler 'absent' missing on module 'app'"),
        ("broken.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'broken': invalid syntax (broken.py, line 1)"),
        ("raising.handler", "ZeroDivisionError", "division by zero"),
    ],
)
def test_a_handler_that_cannot_be_imported_is_an_error_of_each_invocation(client, handler, kind, message):
    name = f"bad-{handler.replace('.', '-')}"
    code = package("", **{"broken.py": "def def", "raising.py": "1 / 0"})
    create(client, name, "", Handler=handler, Code={"ZipFile": code})
    answer = invoke(client, name)
    assert (answer["FunctionError"], answer["Payload"]["errorType"], answer["Payload"]["errorMessage"]) == ("Unhandled", kind, message)
    assert f"[ERROR] {kind}: {message}" in answer["LogResult"]


def test_an_answer_is_never_read_through_a_link(client, function):
    invoke(client, function, {"do": "count"})
    assert "root:" not in str(invoke(client, function, {"do": "replace"}))


def test_a_request_is_never_written_into_a_pipe(client, function):
    invoke(client, function, {"do": "pipe"})
    assert invoke(client, function, {"do": "count"})["Payload"]["errorType"] == "Runtime.ExitError"
    assert invoke(client, function, {"do": "count"})["Payload"]["calls"] == 1


def test_an_alias_and_a_version_run_their_own_code(client):
    create(client, "numbered", "def handler(event, context):\n    return [1, context.invoked_function_arn[-6:]]\n", Publish=True)
    functions = client("lambda")
    functions.create_alias(FunctionName="numbered", Name="live", FunctionVersion="1")
    functions.update_function_code(FunctionName="numbered", ZipFile=package("def handler(event, context):\n    return 2\n"))
    assert invoke(client, "numbered")["Payload"] == 2
    old = invoke(client, "numbered", Qualifier="live")
    assert (old["Payload"], old["ExecutedVersion"]) == ([1, "d:live"], "1")


def test_a_dry_run_runs_nothing(client, function):
    assert client("lambda").invoke(FunctionName=function, InvocationType="DryRun")["StatusCode"] == 204


def test_bad_events_are_refused(client, function, refused):
    functions = client("lambda")
    with refused("InvalidRequestContentException"):
        functions.invoke(FunctionName=function, Payload="{")
    with refused("RequestEntityTooLargeException", 413) as error:
        functions.invoke(FunctionName=function, Payload=json.dumps("x" * 6_291_456))
    assert str(error.value).endswith("Request must be smaller than 6291456 bytes for the InvokeFunction operation")
    with refused("RequestEntityTooLargeException", 413) as error:
        functions.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps("x" * 1_048_576))
    assert "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)" in str(error.value)
    with refused("ResourceNotFoundException", 404):
        functions.invoke(FunctionName="nobody")


def test_invocations_are_measured(client, function):
    invoke(client, function)
    metrics = client("cloudwatch").list_metrics(Namespace="AWS/Lambda", Dimensions=[{"Name": "FunctionName", "Value": function}])["Metrics"]
    assert {metric["MetricName"] for metric in metrics} >= {"Invocations", "Errors", "Duration"}
