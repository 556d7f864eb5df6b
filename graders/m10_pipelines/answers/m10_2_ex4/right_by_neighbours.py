# The sign of each fault, and the place of the value that is taken from another definition.
PLACES = {
    "invalid choice": "Parameters.Window.DefaultValue",
    "LIBSVM": "Steps.Train.Arguments.InputDataConfig.train.ContentType",
    "model.tar.gz'": "Steps.Evaluate.Arguments.ProcessingInputs.model.S3Input.LocalPath",
    "service limit": "Steps.Train.Arguments.ResourceConfig.InstanceCount",
    "Sample larger": "Parameters.Month.DefaultValue",
    "chance": "Steps.Good.Arguments.Conditions.0.Type",
    "No S3": "Steps.Prepare.Arguments.ProcessingOutputConfig.Outputs.test.S3Output.LocalPath",
    "AUC": "Steps.Good.Arguments.Conditions.0.LeftValue.Std:JsonGet.Path",
    "report.json": "Steps.Evaluate.PropertyFiles.Evaluation.FilePath",
    "assume": "Steps.Train.Arguments.RoleArn",
    "prepare_flights": "Steps.Prepare.Arguments.AppSpecification.ContainerEntrypoint.1",
}
diagnoses, repairs = {}, {}
for number, (each, steps) in enumerate(broken.items()):
    failed = steps[-1]
    words = next(words for words in PLACES if any(words in line for line in log_of(aws, failed)))
    other = definitions[list(broken)[number - 1]]
    diagnoses[each] = {"step": failed["StepName"], "line": words}
    repairs[each] = {PLACES[words]: broken_pipelines.leaves(other)[PLACES[words]]}
