"""Tests the clean-up at the end of a lesson, on a local AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from course.cleanup import Cleanup, delete_bucket
from course.localaws.server import launch
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures
from tests.localaws.sagemaker.monitoring.test_schedules import job_definition
from tests.localaws.sagemaker.transform.transform_fixtures import SUM, model, request
from tests.localaws.sagemaker.tuning.tuning_fixtures import TuningFixtures


@pytest.mark.nightly  # starts a job that must be waited for; the clean-up of other resources by day
def test_a_transform_job_that_runs_is_stopped(tmp_path: Path) -> None:
    handle = launch.start(tmp_path / "state")
    try:
        aws = JobFixtures(handle, "")
        never = "import time\n" + SUM.replace("return 0", "time.sleep(600)")
        asked = request(aws, model(aws, never), aws.put("rows/a.csv", "1\n"), TransformJobName="rows-of-this-run")
        aws.sagemaker.create_transform_job(**asked)
        said = Cleanup(aws.sagemaker, "of-this-run").run()
        assert said == "Ended transform job rows-of-this-run.\nNothing of this run is left that costs money."
        job = aws.sagemaker.describe_transform_job(TransformJobName="rows-of-this-run")
        assert job["TransformJobStatus"] == "Stopped" and aws.processes() == []
    finally:
        handle.stop()


def create_feature_groups(sagemaker: Any, *names: str) -> None:
    features = [{"FeatureName": name, "FeatureType": "String"} for name in ("id", "time")]
    request = {"RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "time", "FeatureDefinitions": features}
    for name in names:
        sagemaker.create_feature_group(FeatureGroupName=name, OnlineStoreConfig={"EnableOnlineStore": True}, **request)


def test_a_feature_group_is_deleted_and_those_of_others_stay(tmp_path: Path) -> None:
    handle = launch.start(tmp_path / "state")
    try:
        sagemaker = JobFixtures(handle, "").sagemaker
        create_feature_groups(sagemaker, "weather-of-this-run", "weather-of-others")
        said = Cleanup(sagemaker, "of-this-run").run()
        assert said == "Ended feature group weather-of-this-run.\nNothing of this run is left that costs money."
        assert [group["FeatureGroupName"] for group in sagemaker.list_feature_groups()["FeatureGroupSummaries"]] == ["weather-of-others"]
    finally:
        handle.stop()


def test_a_feature_group_that_is_being_deleted_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = launch.start(tmp_path / "state")
    try:
        sagemaker = JobFixtures(handle, "").sagemaker
        create_feature_groups(sagemaker, "weather-of-this-run", "planes-of-this-run")
        delete = sagemaker.delete_feature_group

        def after_the_learner(**request: str) -> dict:
            delete(**request)
            return delete(**request)

        monkeypatch.setattr(sagemaker, "delete_feature_group", after_the_learner)
        assert Cleanup(sagemaker, "of-this-run").run().endswith("Nothing of this run is left that costs money.")
        assert not sagemaker.list_feature_groups()["FeatureGroupSummaries"]
    finally:
        handle.stop()


@pytest.mark.nightly  # starts jobs that must be waited for; the clean-up of other resources by day
def test_a_tuning_job_that_runs_is_stopped_and_starts_no_more(tmp_path: Path) -> None:
    handle = launch.start(tmp_path / "state")
    try:
        aws = JobFixtures(handle, "")
        tuning = TuningFixtures(aws)
        definition = tuning.definition("import time\ntime.sleep(600)\n")
        asked = tuning.request(4, request={"TrainingJobDefinition": definition, "HyperParameterTuningJobName": "search-of-this-run"})
        aws.sagemaker.create_hyper_parameter_tuning_job(**asked)
        said = Cleanup(aws.sagemaker, "of-this-run").run()
        assert said == "Ended tuning job search-of-this-run.\nNothing of this run is left that costs money."
        assert tuning.describe("search-of-this-run")["HyperParameterTuningJobStatus"] == "Stopped"
        assert aws.processes() == []
    finally:
        handle.stop()


def test_a_monitoring_schedule_ends_before_its_endpoint_with_its_definition(tmp_path: Path) -> None:
    handle = launch.start(tmp_path / "state")
    try:
        sagemaker = JobFixtures(handle, "").sagemaker
        for run in ("of-this-run", "of-others"):
            sagemaker.create_data_quality_job_definition(JobDefinitionName=f"definition-{run}", **job_definition("flights", "baseline"))
            config = {
                "ScheduleConfig": {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "-PT0H"},
                "MonitoringJobDefinitionName": f"definition-{run}",
                "MonitoringType": "DataQuality",
            }
            sagemaker.create_monitoring_schedule(MonitoringScheduleName=f"watch-{run}", MonitoringScheduleConfig=config)
        said = Cleanup(sagemaker, "of-this-run").run()
        assert said == "Ended monitoring schedule watch-of-this-run.\nNothing of this run is left that costs money."
        left = sagemaker.list_monitoring_schedules()["MonitoringScheduleSummaries"]
        assert [each["MonitoringScheduleName"] for each in left] == ["watch-of-others"]
        definitions = sagemaker.list_data_quality_job_definitions()["JobDefinitionSummaries"]
        assert [each["MonitoringJobDefinitionName"] for each in definitions] == ["definition-of-others"]
    finally:
        handle.stop()


def test_a_bucket_goes_with_what_is_written_into_it_at_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = launch.start(tmp_path / "state")
    try:
        s3 = JobFixtures(handle, "").s3
        s3.put_object(Bucket=BUCKET, Key="early", Body=b"1")
        late, delete = iter(["captured/a.jsonl"]), s3.delete_bucket

        def written_late(**request: str) -> dict:
            for key in late:  # at the first call only
                s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
            return delete(**request)

        monkeypatch.setattr(s3, "delete_bucket", written_late)
        delete_bucket(s3, BUCKET)
        assert BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        with pytest.raises(s3.exceptions.NoSuchBucket):
            delete_bucket(s3, BUCKET)
    finally:
        handle.stop()
