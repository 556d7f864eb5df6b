"""A Feature Store through the SageMaker Python SDK v3, and how to wait for it."""

from __future__ import annotations

import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
import pytest

from course.localaws.core.sdk_environment import PLUGIN_FOLDER
from course.localaws.server import launch

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
DATABASE = "sagemaker_featurestore"
SECONDS = 90


@dataclass(frozen=True)
class SdkStore:
    """The SDK's session, and a bucket for offline stores and results."""

    session: Any
    bucket: str

    @property
    def output(self) -> str:
        return f"s3://{self.bucket}/results"

    def create(self, name: str, frame: pd.DataFrame, identifier: str, event_time: str, **more: Any) -> Any:
        """A group of the columns of ``frame`` with both stores, unless ``more`` says otherwise, once it is ``Created``."""
        from sagemaker.mlops import feature_store as fs

        members = {
            "online_store_config": fs.OnlineStoreConfig(enable_online_store=True),
            "offline_store_config": fs.OfflineStoreConfig(s3_storage_config=fs.S3StorageConfig(s3_uri=f"s3://{self.bucket}/fs")),
        }
        group = fs.FeatureGroup.create(
            feature_group_name=name,
            record_identifier_feature_name=identifier,
            event_time_feature_name=event_time,
            feature_definitions=fs.load_feature_definitions_from_dataframe(frame),
            role_arn=ROLE,
            **members | more,
        )
        group.wait_for_status("Created", poll=1)
        return group

    def query(self, group: str, text: str) -> pd.DataFrame:
        """The result of a query, in which ``{table}`` is the group's table."""
        from sagemaker.mlops.feature_store import create_athena_query

        query = create_athena_query(group, self.session)
        query.run(text.format(table=f'"{query.database}"."{query.table_name}"'), self.output)
        query.wait()
        return query.as_dataframe()

    def until_offline(self, group: str, rows: int) -> None:
        """Wait until the group's offline store has so many rows."""
        until(lambda: self.query(group, "SELECT count(*) AS n FROM {table}").n[0] == rows)

    def dataset(self, base: Any, **more: Any) -> Any:
        """A builder of datasets."""
        from sagemaker.mlops.feature_store import DatasetBuilder

        return DatasetBuilder.create(base=base, output_path=self.output, session=self.session, **more)


def until(ask: Callable[[], object]) -> None:
    limit = time.monotonic() + SECONDS
    while not ask():
        assert time.monotonic() < limit, f"not after {SECONDS} s"
        time.sleep(0.2)


@contextmanager
def sdk_store(handle: launch.Handle, bucket: str, folder: Path) -> Iterator[SdkStore]:
    """A store of a local AWS, in a process whose environment names no other account, with short waits. The SDK writes to ``folder``."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in handle.environment().items():
            patch.setenv(name, value)
        patch.syspath_prepend(str(PLUGIN_FOLDER))
        patch.chdir(folder)
        from pyiceberg import catalog
        from pyiceberg.utils.config import Config
        from sagemaker.core import resources
        from sagemaker.core.helper.session_helper import Session
        from sagemaker.core.utils import utils
        from sagemaker.mlops.feature_store import feature_utils

        patch.setattr(catalog, "_ENV_CONFIG", Config())  # pyiceberg reads the environment when it is first imported
        for cache in (utils.SingletonMeta, utils._ClientCacheMeta):  # the SDK keeps one client for the whole process
            patch.setattr(cache, "_instances", {})
        short = types.SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(min(seconds, 0.1)))
        for module in (resources, feature_utils):
            patch.setattr(module, "time", short)
        boto = boto3.Session()
        boto.client("s3").create_bucket(Bucket=bucket)
        yield SdkStore(Session(boto_session=boto, default_bucket=bucket), bucket)
