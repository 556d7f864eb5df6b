"""The own libraries of image versions: what the catalogue and the pins say, and how they are added."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from importlib.metadata import version as installed
from pathlib import Path

import pytest
import xgboost
from packaging.requirements import Requirement

from course.localaws import images
from course.localaws.images import catalogue, libraries
from tests.localaws.sagemaker.wheels import write_wheel

ACCOUNT = "683313688378.dkr.ecr.us-east-1.amazonaws.com"
XGBOOST = f"{ACCOUNT}/sagemaker-xgboost:3.2-0"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(libraries.FOLDER, str(tmp_path / "images"))
    return tmp_path / "images"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pins of xgboost:3.2-0 are a tiny wheel's; pip finds it without a network. Returns the pins."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel = write_wheel(wheels, "xgboost-cpu", "3.2.0")
    pins = tmp_path / "3.2-0.txt"
    pins.write_text(f"xgboost-cpu==3.2.0 \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    others = libraries._pins
    monkeypatch.setattr(libraries, "_pins", lambda *image: pins if image == ("sagemaker-xgboost", "3.2-0") else others(*image))
    return pins


def test_every_entry_says_what_awss_images_have() -> None:
    for entry in catalogue.entries():
        for version in entry["versions"]:
            found = catalogue.libraries(entry, version)
            assert ("library" in entry) == bool(found), (entry["repository"], version)
            if found:
                assert re.match(r"\d+(\.\d+)*$", found[entry["library"]["title"]])
        assert set(entry.get("own", {})) <= set(entry["versions"]) and ("library" in entry or "startup" not in entry)


def test_every_pin_has_hashes_and_is_of_the_library_that_the_image_is_named_for() -> None:
    for own in libraries.available():
        entry = catalogue.entry(own.repository)
        text = (catalogue.folder(own.repository) / "pins" / f"{own.version}.txt").read_text()
        lines = [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line and not line.startswith("#")]
        assert lines and all(re.search(r"==[\d.]+\b.*--hash=sha256:[0-9a-f]{64}", line) for line in lines), own.name
        needs = [Requirement(line.partition(" --hash")[0]) for line in lines]
        [named] = {str(need.specifier) for need in needs if need.name in entry["library"]["distributions"]}
        theirs = catalogue.libraries(entry, own.version)[entry["library"]["title"]]
        assert named.removeprefix("==").startswith(theirs), own.name
        assert HERE not in own.pythons or set(own.pinned) & set(entry["library"]["distributions"])


def test_adding_is_one_command_and_every_image_of_that_version_has_it(tiny: Path, own_folder: Path) -> None:
    image = images.find(XGBOOST)
    assert libraries.added(image.repository, image.version) is None
    assert libraries.command(image.repository, image.version) == "course aws add-image xgboost:3.2-0"
    packages = libraries.add("xgboost:3.2-0")
    assert packages == libraries.added("sagemaker-xgboost", "3.2-0") and packages.is_relative_to(own_folder)
    assert libraries.here("sagemaker-xgboost", (packages,)) == "3.2.0" and libraries.here("sagemaker-xgboost") == xgboost.__version__
    assert libraries.command("sagemaker-xgboost", "3.2-0") == "" and libraries.add(XGBOOST) == packages
    assert [path.name for path in own_folder.iterdir()] == [f"sagemaker-xgboost-3.2-0-{sys.implementation.cache_tag}"]
    assert libraries.remove("xgboost:3.2-0") and not libraries.remove("xgboost:3.2-0") and not list(own_folder.iterdir())


@pytest.mark.nightly  # runs pip, which verifies hashes
def test_a_wheel_with_another_hash_is_not_installed(tiny: Path, own_folder: Path) -> None:
    tiny.write_text(tiny.read_text().replace("sha256:", "sha256:0")[:-2] + "\n")
    with pytest.raises(libraries.AddImageError, match="pip could not install"):
        libraries.add("xgboost:3.2-0")
    assert not list(own_folder.iterdir())


@pytest.mark.nightly  # runs pip
def test_libraries_of_another_releases_pins_are_not_used(tiny: Path) -> None:
    libraries.add("xgboost:3.2-0")
    tiny.write_text("# changed\n" + tiny.read_text())
    assert libraries.added("sagemaker-xgboost", "3.2-0") is None
    assert libraries.added("sagemaker-xgboost", "3.2-0") is None and libraries.add("xgboost:3.2-0").is_dir()
    assert libraries.added("sagemaker-xgboost", "3.2-0")


@pytest.mark.parametrize(
    "name", ["xgboost", "xgboost:9.9", "xgboost:1.5-1", "kmeans:1", "", ":", "sagemaker-xgboost", "pytorch-training:2.6.0"]
)
def test_any_other_name_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(libraries.AddImageError) as error:
        libraries.add(name)
    assert "xgboost:3.2-0" in str(error.value) and "sklearn:1.2-1" in str(error.value)


def test_without_wheels_for_this_python_it_says_for_which_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "_python", lambda: "3.99")
    assert libraries.command("sagemaker-scikit-learn", "1.2-1") == ""
    with pytest.raises(libraries.AddImageError, match="sklearn:1.2-1 have wheels for Python 3.11 only; this is Python 3.99"):
        libraries.add("sklearn:1.2-1")


def test_a_folder_that_cannot_be_written_is_named(tiny: Path, own_folder: Path) -> None:
    own_folder.write_text("a file")
    with pytest.raises(libraries.AddImageError, match=libraries.FOLDER):
        libraries.add("xgboost:3.2-0")


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        (
            "sagemaker-xgboost:1.7-1",
            f"has XGBoost 1.7.4 on AWS, and XGBoost {xgboost.__version__} here. `course aws add-image xgboost:1.7-1`",
        ),
        ("sagemaker-xgboost:1.5-1", f"has XGBoost 1.5 on AWS, and XGBoost {xgboost.__version__} here."),
        ("sagemaker-scikit-learn:1.2-1-cpu-py3", f"has scikit-learn 1.2.1 on AWS, and scikit-learn {installed('scikit-learn')} here."),
        ("sagemaker-xgboost:3.0-5", ""),
    ],
)
def test_the_note_in_the_log_names_both_libraries(uri: str, words: str) -> None:
    note = libraries.note(images.find(f"{ACCOUNT}/{uri}"))
    assert words in note and note.startswith("[local AWS] ") if words else note == ""
    assert "\n" not in note


def test_an_image_that_is_named_for_no_library_has_no_note() -> None:
    assert libraries.note(images.find("382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1")) == ""


def test_the_command_line(tiny: Path) -> None:
    course = shutil.which("course", path=str(Path(sys.executable).parent))
    listed = subprocess.run([course, "aws", "images"], capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in listed.splitlines()] == [own.name for own in libraries.available()]
    refused = subprocess.run([course, "aws", "add-image", "xgboost:9.9"], capture_output=True, text=True)
    assert refused.returncode == 1 and refused.stderr.startswith("course aws add-image: there are no libraries to add for 'xgboost:9.9'")
