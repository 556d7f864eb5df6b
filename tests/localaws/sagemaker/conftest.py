"""The local AWS for tests of jobs: one in each mode of /opt/ml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from course.localaws.server import launch
from course.sandbox import box
from tests.localaws.boto_clients import shared_key
from tests.localaws.sagemaker.job_fixtures import JobFixtures
from tests.localaws.sagemaker.vpc_fixtures import Vpc
from tests.localaws.sagemaker.wheels import write_wheel

MODES = [
    pytest.param(
        "namespace", marks=pytest.mark.skipif(box.best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24")
    ),
    "rewrite",
]


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Makes the second run of a test nightly, the one in the mode that this machine would not choose, unless it says ``both_modes``."""
    here = [item for item in items if item.path.is_relative_to(Path(__file__).parent)]
    names, best = {item.nodeid for item in here}, box.best_mode()
    for item in here:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        second = any(mode in parameters and mode != best and item.nodeid.replace(mode, best) in names for mode in ("namespace", "rewrite"))
        if second and not item.get_closest_marker("both_modes"):
            item.add_marker(pytest.mark.nightly)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of wheels instead of PyPI."""
    folder = tmp_path_factory.mktemp("wheels")
    write_wheel(folder, "localaws-tiny", "1.0")
    return folder


@pytest.fixture(scope="session", params=MODES)
def aws(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Iterator[JobFixtures]:
    """Helpers of a local AWS whose jobs have /opt/ml by bind mount or by rewritten paths, and whose pip uses a folder of wheels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(wheels))
        patch.setenv("COURSE_STOP_GRACE_SECONDS", "5")
        if request.param == "rewrite":
            patch.setenv("COURSE_NO_USERNS", "1")
        handle = launch.start(tmp_path_factory.mktemp(f"jobs-{request.param}") / "state")
    yield JobFixtures(handle, request.param)
    handle.stop()


@pytest.fixture(scope="session")
def key(aws: JobFixtures) -> str:
    """The ARN of a KMS key with the alias ``alias/models``, which every role of the account may use."""
    kms = aws.client("kms")
    metadata = shared_key(kms)
    kms.create_alias(AliasName="alias/models", TargetKeyId=metadata["KeyId"])
    return metadata["Arn"]


@pytest.fixture(scope="session")
def vpc(aws: JobFixtures) -> dict:
    """``VpcConfig`` of a VPC with a way to S3 and to the internet."""
    made = Vpc(aws)
    made.nat()
    return made.config
