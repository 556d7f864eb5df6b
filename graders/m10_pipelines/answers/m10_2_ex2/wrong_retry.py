"""Retries the failed execution, which runs its own old definition again."""

# trips: rest
# says: of the failed execution, not of a new one


def finish(failed: str) -> str:
    sagemaker.retry_pipeline_execution(PipelineExecutionArn=failed)
    return failed
