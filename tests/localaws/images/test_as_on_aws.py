"""What the scikit-learn image restores of AWS's older pandas and scikit-learn, in processes as a job starts them."""

from __future__ import annotations

import os
import pickle
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import sklearn
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course.localaws import images
from course.localaws.jobs import job_images
from course.localaws.jobs.overlay import Overlay, course_packages

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:{}-cpu-py3"
FITTED = make_pipeline(StandardScaler(), LinearRegression()).fit([[0.0], [1.0]], [0.0, 2.0])
SAYS = "[local AWS] pandas.get_dummies writes 0 and 1"


def run(folder: Path, version: str, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the Python of a job in the image of this version."""
    overlay = Overlay(folder / f"overlay-{len(list(folder.iterdir()))}", course_packages())
    job_images.set_up(overlay, images.find(IMAGE.format(version)))
    python = str(overlay.bin / "python3")
    return subprocess.run([python, "-c", code, *arguments], env=os.environ, capture_output=True, text=True, timeout=120)


DUMMIES = """
import pandas as pd
frame = pd.DataFrame({"colour": ["red", "blue"], "size": [1, 2]})
calls = {
    "default": lambda: pd.get_dummies(frame),
    "series": lambda: pd.get_dummies(frame["colour"], prefix="c", drop_first=True),
    "sparse": lambda: pd.get_dummies(frame[["colour"]], sparse=True).sparse.to_dense(),
    "chosen": lambda: pd.get_dummies(frame, dtype=float),
    "by place": lambda: pd.get_dummies(frame, None, "_", False, None, False, False, bool),
}
for name, call in calls.items():
    print(name, call().to_csv(index=False).split()[1])
"""


AT_NIGHT = pytest.mark.nightly  # as the first of its kind, in another image; each is a process that imports pandas or scikit-learn


@pytest.mark.parametrize(
    ("version", "default"),
    [
        ("1.2-1", "0,1"),
        ("1.4-2", "False,True"),
        *(pytest.param(*each, marks=AT_NIGHT) for each in [("0.20.0", "0,1"), ("0.23-1", "0,1"), ("1.9-0", "False,True")]),
    ],
)
def test_get_dummies_has_the_default_of_the_pandas_in_awss_image(tmp_path, version, default) -> None:
    done = run(tmp_path, version, DUMMIES)
    assert done.returncode == 0, done.stderr
    one = default.split(",")[1]
    assert done.stdout.splitlines() == [
        f"default 1,{default}",
        f"series {one}",
        f"sparse {default}",
        "chosen 1,0.0,1.0",
        "by place 1,False,True",
    ]
    assert done.stderr.count(SAYS) == (default == "0,1") and (pd.__version__ in done.stderr) == (default == "0,1")


def test_nothing_is_said_to_a_program_that_chooses_a_type_or_imports_no_pandas(tmp_path) -> None:
    quiet = "import sys; print('pandas' in sys.modules, 'sklearn' in sys.modules)"
    done = run(tmp_path, "1.2-1", quiet)
    assert (done.stdout, done.stderr) == ("False False\n", "")
    done = run(tmp_path, "1.2-1", "import pandas as pd; print(pd.get_dummies(pd.Series(['a']), dtype=int).a.sum())")
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_pandas_that_the_job_installed_is_left_alone(tmp_path) -> None:
    folder = tmp_path / "installed" / "pandas" / "core" / "reshape"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent, folder.parents[1]):
        (package / "__init__.py").touch()
    (folder / "encoding.py").write_text("def get_dummies(data, dtype=None): return dtype")
    code = "import sys; sys.path.insert(0, sys.argv[1]); from pandas.core.reshape.encoding import get_dummies; print(get_dummies(0))"
    done = run(tmp_path, "1.2-1", code, str(tmp_path / "installed"))
    assert (done.stdout, done.stderr) == ("None\n", "")


DUMP = """
import pickle, sys
from sklearn.linear_model import LinearRegression
pickle.dump(LinearRegression().fit([[0], [1]], [0, 2]), open(sys.argv[1], "wb"))
"""
LOAD = "import pickle, sys; print(round(pickle.load(open(sys.argv[1], 'rb')).predict([[3.0]])[0]))"


@pytest.mark.parametrize(
    ("written_in", "read_in", "words"),
    [
        pytest.param("1.2-1", "1.2-1", "", marks=AT_NIGHT),
        pytest.param("1.2-1", "1.9-0", "", marks=AT_NIGHT),
        pytest.param("1.4-2", "1.2-1", "pickled by scikit-learn 1.4.2, which is newer than scikit-learn 1.2.1", marks=AT_NIGHT),
    ],
)
def test_pickles_are_of_the_image_that_wrote_them(tmp_path, written_in, read_in, words) -> None:
    path = str(tmp_path / "model.pkl")
    assert run(tmp_path, written_in, DUMP, path).returncode == 0
    done = run(tmp_path, read_in, LOAD, path)
    assert (words in done.stderr and done.returncode == 1) if words else done.stdout == "6\n", done.stderr


@pytest.mark.nightly  # three processes that import scikit-learn; the test above refuses a newer pickle by day
def test_a_pickle_of_this_machine_is_newer_than_the_old_images(tmp_path) -> None:
    """A notebook's model, of the course's scikit-learn: AWS's old image cannot read it."""
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(FITTED))
    done = run(tmp_path, "1.2-1", LOAD, str(path))
    assert f"pickled by scikit-learn {sklearn.__version__}, which is newer than scikit-learn 1.2.1 of the image" in done.stderr
    assert run(tmp_path, "1.9-0", LOAD, str(path)).stdout == "6\n"
