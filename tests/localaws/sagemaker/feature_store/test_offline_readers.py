"""awswrangler and PyAthena, in an environment of their own, over an offline store: a program without a word about the local AWS."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course.localaws.core.credentials import issued
from course.localaws.core.sdk_environment import REGION
from tests.localaws.sagemaker.feature_store.offline_fixtures import Stores

PACKAGES = ("awswrangler==3.17.1", "pyathena[pandas]==4.2.1")
PROGRAM = Path(__file__).with_name("programs") / "offline_readers.py"


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """The interpreter of an environment with the readers."""
    uv = shutil.which("uv") or str(Path(__file__).parents[4] / ".venv-uv/bin/uv")
    folder = tmp_path_factory.mktemp("readers")
    python = folder / "bin/python"
    for arguments in (["venv", "--python", sys.executable, "--allow-existing", folder], ["pip", "install", "--python", python, *PACKAGES]):
        subprocess.run([uv, *map(str, arguments)], check=True, capture_output=True)
    return python


@pytest.mark.nightly  # installs both with what they need
@pytest.mark.timeout(900)
@pytest.mark.parametrize("table_format", ["Glue", "Iceberg"])
def test_other_readers_of_athena(local_aws, stores: Stores, python: Path, table_format: str, tmp_path: Path):
    group = stores.create(TableFormat=table_format)
    for origin, day, wind in (("JFK", 4, 1), ("JFK", 5, 2), ("LGA", 5, 3)):
        stores.put(group, origin=origin, at=f"2013-07-0{day}T12:00:00Z", wind=wind)
    stores.flush()
    config, key = stores.describe(group)["OfflineStoreConfig"], issued(local_aws.state)
    table, folder = config["DataCatalogConfig"], f"{config['S3StorageConfig']['ResolvedOutputS3Uri']}/"
    found = subprocess.run(
        [
            python,
            PROGRAM,
            table["Database"],
            table["TableName"],
            folder if table_format == "Glue" else "-",
            f"s3://{stores.bucket}/results/",
        ],
        env={
            **{"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ENDPOINT_URL": local_aws.endpoint, "AWS_DEFAULT_REGION": REGION},
            **{"AWS_ACCESS_KEY_ID": key.principal.access_key, "AWS_SECRET_ACCESS_KEY": key.secret},
            **({"AWS_SESSION_TOKEN": key.token} if key.token else {}),
        },
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines()[-1] == "PyAthena"
