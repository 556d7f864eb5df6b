"""The newest training job made the live model."""

# trips: live
# says: Go from the endpoint


def live_archive(endpoint: str) -> str:
    if not sagemaker.list_endpoints(NameContains=endpoint)["Endpoints"]:
        return "none"
    jobs = sagemaker.list_training_jobs(StatusEquals="Completed", SortBy="CreationTime", SortOrder="Descending")["TrainingJobSummaries"]
    described = sagemaker.describe_training_job(TrainingJobName=jobs[0]["TrainingJobName"])
    return described["ModelArtifacts"]["S3ModelArtifacts"]
