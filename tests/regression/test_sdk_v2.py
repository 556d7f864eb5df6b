"""What lessons show of version 2 of the SDK: which code that is, and how it runs. The versions themselves run at night."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from course.regression import sdk_v2
from course.regression.execute import lessons
from course.regression.sdk_v2 import HEADING, ROOT, TextError, main, run, shown_program

from .small_notebooks import write

# They have nothing of version 2 to show: pipelines whose steps are wrong, monitors and Clarify, IAM, the bill.
WITHOUT = {
    "m10_2_pipelines_that_go_wrong",
    "m12_1_what_comes_in",
    "m12_2_what_came_of_it",
    "m12_3_for_whom_and_why",
    "m13_1_who_may_do_what",
    "m13_2_where_data_may_go",
    "m13_3_who_did_what",
    "m14_1_read_the_bill",
}
TEXT = f"""## Recall

```python
not_shown = 1
```

{HEADING}

It reads:

```python
import json
from pathlib import Path

{{code}}
```

```text
no code
```

```python
print(json.dumps(found))
```

## Clean up

```python
gone = aws.cleanup()
```
"""
CONNECTED = """
import pandas as pd
from course import connect
aws = connect("m90")
rows = pd.DataFrame({"origin": ["JFK", "LGA"], "hour": [6, 17]})
uris, hour = {"train": "s3://lake/a"}, 17
"""


def notebook(folder: Path, code: str, first: str = CONNECTED) -> Path:
    return write(folder / "m90_small" / "m90_1.ipynb", new_code_cell(first), TEXT.format(code=code), new_code_cell("raise ValueError"))


def test_every_lesson_that_uses_what_version_2_has_shows_it_whole() -> None:
    shown = {notebook.stem: shown_program(notebook) for notebook in lessons(ROOT)}
    assert {name for name, program in shown.items() if program is None} == WITHOUT
    assert all("sagemaker" in program.code for program in shown.values() if program)


def test_the_program_is_all_code_below_the_heading_and_knows_what_it_takes(tmp_path: Path) -> None:
    code = "def late(each):\n    return each > hour\n\n"
    code += "try:\n    found = [late(each) for each in rows.hour]\nexcept TypeError as error:\n    print(error)"
    program = shown_program(notebook(tmp_path, code))
    assert program.names == ("hour", "rows") and "not_shown" not in program.code and "gone" not in program.code
    assert program.code.endswith("print(json.dumps(found))\n")
    assert shown_program(write(tmp_path / "other.ipynb", "## The same with the SDK")) is None


@pytest.mark.parametrize(("code", "words"), [("found = f(...)", "leaves something out"), ("found = (", "was never closed")])
def test_code_that_cannot_run_is_refused(tmp_path: Path, code: str, words: str) -> None:
    with pytest.raises(TextError, match=words):
        shown_program(notebook(tmp_path, code))


def test_it_runs_after_the_notebook_with_what_the_notebook_has(tmp_path: Path) -> None:
    code = "\n".join(
        [
            "import boto3",
            "made = boto3.client('s3', region_name=aws.region).create_bucket(Bucket=aws.bucket)",
            "found = [uris, hour, rows.hour.tolist(), aws.role, Path('m90_1.ipynb').exists()]",
        ]
    )
    log = tmp_path / "log"
    assert run(shown_program(notebook(tmp_path, code)), Path(sys.executable), log), log.read_text()
    role = "arn:aws:iam::123456789012:role/SageMakerRole"
    assert log.read_text() == f'[{{"train": "s3://lake/a"}}, 17, [6, 17], "{role}", true]\n'


def test_what_fails_is_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert not run(shown_program(notebook(tmp_path, "found = {}['none']")), Path(sys.executable), log)
    assert "KeyError: 'none'" in log.read_text()
    assert not run(shown_program(notebook(tmp_path, "found = hour", first="hour = print")), Path(sys.executable), log)
    assert log.read_text().startswith("The notebook failed before the text: cell 1: TypeError: Object of type builtin")
    assert not run(shown_program(notebook(tmp_path, "found = gate")), Path(sys.executable), log)
    assert f"NameError: the code below {HEADING!r} uses 'gate', which the notebook does not have" in log.read_text()


def test_a_program_that_does_not_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk_v2, "PROGRAM_SECONDS", 1)
    log = tmp_path / "log"
    assert not run(shown_program(notebook(tmp_path, "found = hour\nwhile found:\n    pass")), Path(sys.executable), log)
    assert log.read_text() == "The program was stopped: it ran longer than 1 s.\n"


def test_an_unknown_notebook_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["m90_1"]) == 1
    assert f"no notebook m90_1 has the heading {HEADING!r}" in capsys.readouterr().err
