"""The newest definition, with the parameters of the failed execution. Everything runs again."""

# trips: paid
# says: had succeeded


def finish(failed: str) -> str:
    asked = sagemaker.describe_pipeline_execution(PipelineExecutionArn=failed)
    given = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=failed)
    arn = asked["PipelineArn"]
    return sagemaker.start_pipeline_execution(PipelineName=arn, PipelineParameters=given["PipelineParameters"])["PipelineExecutionArn"]
