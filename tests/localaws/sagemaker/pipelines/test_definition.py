"""The parser of definitions: what it accepts, and what it refuses with the place in the JSON."""

from __future__ import annotations

import pytest

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.pipelines.language.parsing import STEP_TYPES, parse
from course.localaws.sagemaker.pipelines.steps.types import TYPES
from tests.localaws.sagemaker.pipelines.definitions import FILES, condition, fail, get, processing, read, refusal, training

NOT_HERE = (
    "Athena", "AutoML", "BedrockCustomModel", "BedrockCustomModelDeployment", "BedrockModelImport", "BedrockProvisionedModelThroughput",
    "EMR", "EMRServerless", "HubContent", "Job",
)  # fmt: skip


def test_the_smallest_definition() -> None:
    assert list(read(fail()).steps) == ["f"]  # https://registry.terraform.io, aws_sagemaker_pipeline


def test_what_the_sdks_always_write_is_accepted() -> None:
    config = {"ExperimentName": get("Execution.PipelineName"), "TrialName": get("Execution.PipelineExecutionId")}
    read(fail(), Version="2020-12-01", Metadata={}, Parameters=[], PipelineExperimentConfig=config, MlflowConfig=None)
    read(fail(), PipelineExperimentConfig=None, MlflowConfig={"MlflowResourceArn": None, "MlflowExperimentName": "e"})


def test_steps_of_branches_know_their_branch() -> None:
    definition = read(condition("c", IfSteps=[condition("d", ElseSteps=[fail("g")])], ElseSteps=[fail("f")]))
    assert {name: step.branch for name, step in definition.steps.items()} == {
        "c": (),
        "d": (("c", "True"),),
        "g": (("c", "True"), ("d", "False")),
        "f": (("c", "False"),),
    }
    assert definition.steps["g"].place == "$.Steps[0].Arguments.IfSteps[0].Arguments.ElseSteps[0]"


def test_dependencies_come_from_use_and_from_depends_on() -> None:
    report = {"Std:JsonGet": {"PropertyFile": get("Steps.p.PropertyFiles.report"), "Path": "a"}}
    joined = {"Std:Join": {"On": "/", "Values": [get("Steps.t.TrainingJobName"), {"Std:Join": {"On": "", "Values": [report]}}]}}
    last = training("last", HyperParameters={"x": joined}) | {"DependsOn": ["d", {"Step": "e", "Trigger": "Failed"}]}
    steps = [last, processing("p") | {"PropertyFiles": FILES}, training("t"), training("d"), training("e")]
    assert read(*steps).steps["last"].triggers == {"p": "Completed", "t": "Completed", "d": "Completed", "e": "Failed"}


def test_steps_in_a_branch_may_depend_on_their_condition_and_on_each_other() -> None:
    inner = [training("a") | {"DependsOn": ["c"]}, training("b", Environment={"A": get("Steps.a.TrainingJobName")})]
    assert read(condition("c", IfSteps=inner)).steps["b"].triggers == {"a": "Completed"}


def test_parameters_of_all_types() -> None:
    listed = [
        {"Name": "s", "Type": "String", "DefaultValue": "", "EnumValues": ["", "x"]},
        {"Name": "i", "Type": "Integer", "DefaultValue": 0},
        {"Name": "f", "Type": "Float", "DefaultValue": 1},
        {"Name": "b", "Type": "Boolean", "DefaultValue": False, "Description": "about"},
        {"Name": "n"},
    ]
    parameters = read(fail(), Parameters=listed).parameters
    assert [(each.type, each.default) for each in parameters.values()] == [
        ("String", ""), ("Integer", 0), ("Float", 1), ("Boolean", False), ("String", None),
    ]  # fmt: skip


def test_null_members_of_arguments_count_as_absent() -> None:
    read(training(Tags=None, VpcConfig=None, HyperParameters={"a": None}))


def test_types_of_steps_that_only_aws_has() -> None:
    assert STEP_TYPES - set(TYPES) == set(NOT_HERE)


@pytest.mark.parametrize("kind", NOT_HERE)
def test_types_of_steps_that_only_aws_has_are_refused_by_name(kind: str) -> None:
    with pytest.raises(AwsError) as caught:
        read({"Name": "s", "Type": kind, "Arguments": {}})
    assert caught.value.code == "NotSupportedByLocalAws"
    assert f"steps of type {kind} ($.Steps[0], step s)" in caught.value.message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "$: it is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "$: it must be an object"),
        ("{}", "$.Steps: it must have one step at least"),
        ('{"Steps": {}}', "$.Steps: it must be a list"),
        ('{"Steps": [1]}', "$.Steps[0]: a step must be an object"),
        ('{"Steps": [], "a": NaN}', "$: it is not JSON: NaN is no number in JSON"),
        ("[" * 100_000, "$: it is not JSON"),
    ],
)
def test_text_that_is_no_definition(text: str, reason: str) -> None:
    with pytest.raises(AwsError) as caught:
        parse(text, frozenset(TYPES))
    assert caught.value.message.startswith(f"Unable to parse pipeline definition. {reason}")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"Version": "2021-01-01"}, "$.Version: it must be '2020-12-01'"),
        ({"Parameter": []}, "$: a definition has no member 'Parameter'"),
        ({"Metadata": {"a": 1}}, "$.Metadata: its values must be text"),
        ({"Metadata": [1]}, "$.Metadata: it must be an object"),
        ({"Parameters": {"a": 1}}, "$.Parameters: it must be a list"),
        ({"Parameters": [1]}, "$.Parameters[0]: it must be an object"),
        ({"Parameters": [{"Name": "a b"}]}, "$.Parameters[0].Name: 'a b' is not the name of a parameter"),
        ({"Parameters": [{"Name": "a"}, {"Name": "a"}]}, "$.Parameters[1].Name: a parameter named 'a' exists already"),
        ({"Parameters": [{"Name": "a", "Type": "Number"}]}, "$.Parameters[0].Type: 'Number' is not one of String, Integer, Float, Boolean"),
        ({"Parameters": [{"Name": "a", "Type": "Integer", "DefaultValue": True}]}, "[0].DefaultValue: True is not of type Integer"),
        ({"Parameters": [{"Name": "a", "Type": "Integer", "DefaultValue": 1.0}]}, "[0].DefaultValue: 1.0 is not of type Integer"),
        ({"Parameters": [{"Name": "a", "DefaultValue": 1}]}, "$.Parameters[0].DefaultValue: 1 is not of type String"),
        ({"Parameters": [{"Name": "a", "DefaultValue": "x", "EnumValues": ["y"]}]}, "DefaultValue: 'x' is not one of EnumValues"),
        ({"Parameters": [{"Name": "a", "EnumValues": [1]}]}, "$.Parameters[0].EnumValues: 1 is not of type String"),
        ({"Parameters": [{"Name": "a", "EnumValues": ["x"] * 17}]}, "$.Parameters[0].EnumValues: it has more than 16 values"),
        ({"Parameters": [{"Name": "a", "DefaultValue": "x" * 4097}]}, "$.Parameters[0].DefaultValue: it has more than 4096 characters"),
        ({"Parameters": [{"Name": f"p{n}"} for n in range(201)]}, "$.Parameters: it has more than 200 parameters"),
        ({"Parameters": [{"Name": "a", "Default": 1}]}, "$.Parameters[0]: a parameter has no member 'Default'"),
        ({"PipelineExperimentConfig": {"Experiment": "e"}}, "$.PipelineExperimentConfig: it must be null or an object with"),
        ({"PipelineExperimentConfig": {"TrialName": 1}}, "$.PipelineExperimentConfig.TrialName: it must be text or a function"),
        ({"PipelineExperimentConfig": {"TrialName": get("Parameters.a")}}, "'Parameters.a' refers to a parameter that is not defined"),
        ({"MlflowConfig": {"Arn": "a"}}, "$.MlflowConfig: it must be null or an object with MlflowResourceArn"),
    ],
)  # fmt: skip
def test_members_of_a_definition_are_checked(members: dict, reason: str) -> None:
    assert reason in refusal(fail(), **members)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"Type": "Fail"}, "$.Steps[0].Name: 'None' is not the name of a step"),
        ({"Name": "a" * 65, "Type": "Fail"}, "$.Steps[0].Name"),
        ({"Name": "a"}, "$.Steps[0].Type: 'None' is not a type of steps"),
        ({"Name": "a", "Type": "Train"}, "$.Steps[0].Type: 'Train' is not a type of steps"),
        (fail() | {"Depends": []}, "$.Steps[0]: a Fail step has no member 'Depends'"),
        (fail() | {"Arguments": [1]}, "$.Steps[0].Arguments: it must be an object"),
        (fail() | {"DisplayName": "x" * 257}, "$.Steps[0].DisplayName: it must be text of at most 256 characters"),
        (fail() | {"DependsOn": "a"}, "$.Steps[0].DependsOn: it must be a list"),
        (fail() | {"DependsOn": [1]}, "$.Steps[0].DependsOn[0]: it must be the name of a step, or an object with Step and Trigger"),
        (fail() | {"DependsOn": ["x"]}, "$.Steps[0].DependsOn[0]: there is no step 'x'"),
        (fail() | {"DependsOn": [{"Step": "f", "Trigger": "Done"}]}, "$.Steps[0].DependsOn[0].Trigger: 'Done' is not one of Completed"),
        (training() | {"DependsOn": ["t"]}, "$.Steps[0]: the step 't' depends on itself"),
        (training() | {"CacheConfig": {"Enabled": True, "ExpireAfter": "soon"}}, "$.Steps[0].CacheConfig: ExpireAfter: 'soon' is not"),
        (processing() | {"PropertyFiles": [{"PropertyFileName": "a"}]}, "$.Steps[0].PropertyFiles[0]: a property file has FilePath, "),
        (processing() | {"PropertyFiles": [FILES[0] | {"OutputName": "x"}]}, "PropertyFiles[0].OutputName: the step has no output 'x'"),
        (processing() | {"PropertyFiles": FILES * 2}, "PropertyFiles[1]: a property file 'report' exists already"),
        (condition(IfSteps=1), "$.Steps[0].Arguments.IfSteps: it must be a list"),
        (condition(Then=[]), "$.Steps[0].Arguments: the arguments of a Condition step are Conditions, ElseSteps, IfSteps"),
        (condition(IfSteps=[fail("c")]), "$.Steps[0].Arguments.IfSteps[0]: a step named 'c' exists already"),
        (condition(IfSteps=[fail(f"f{n}") for n in range(21)]), "$.Steps[0].Arguments.IfSteps: it has more than 20 steps"),
        (condition(IfSteps=[training(Environment={"A": get("Steps.x.y")})]), "$.Steps[0].Arguments.IfSteps[0].Arguments.Environment.A"),
        ({"Name": "l", "Type": "Lambda", "Arguments": {}}, "$.Steps[0]: a Lambda step needs FunctionArn"),
        ({"Name": "l", "Type": "Callback", "SqsQueueUrl": "q", "OutputParameters": [{"OutputName": "a", "OutputType": "Number"}]},
         "$.Steps[0].OutputParameters[0].OutputType: 'Number' is not one of"),
    ],
)  # fmt: skip
def test_members_of_a_step_are_checked(step: dict, reason: str) -> None:
    assert reason in refusal(step)


@pytest.mark.parametrize(
    ("condition_", "reason"),
    [
        (1, "$.Steps[0].Arguments.Conditions[0]: a condition must be an object"),
        ({"Type": "Is"}, "Conditions[0].Type: 'Is' is not one of Equals"),
        ({"Type": "Equals", "LeftValue": 1}, "Conditions[0]: a condition of type Equals has the members LeftValue, RightValue, Type"),
        ({"Type": "In", "Value": 1, "In": []}, "Conditions[0]: a condition of type In has the members QueryValue, Type, Values"),
        ({"Type": "In", "QueryValue": 1, "Values": 1}, "Conditions[0].Values: it must be a list"),
        ({"Type": "Not", "Condition": {"Type": "Or", "Conditions": [{"Type": "x"}]}}, "Conditions[0].Condition.Conditions[0].Type: 'x'"),
        ({"Type": "Equals", "LeftValue": get("Steps.x.y"), "RightValue": 1}, "Conditions[0].LeftValue: there is no step 'x'"),
    ],
)
def test_conditions_are_checked(condition_: object, reason: str) -> None:
    assert reason in refusal(condition("c", condition_))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (get("Parameters.x"), "'Parameters.x' refers to a parameter that is not defined"),
        (get("Parameters.s.x"), "'Parameters.s.x' refers to a parameter that is not defined"),
        (get("Execution.Name"), "'Execution.Name' refers to an execution variable that does not exist"),
        (get("Execution.ProcessingJobName"), "'Execution.ProcessingJobName' is known in Processing steps only"),
        (get("PipelineExperimentConfig.TrialName"), "refers to nothing in PipelineExperimentConfig"),
        (get("Step.p.x"), "'Step.p.x' refers to nothing"),
        (get(""), "'' refers to nothing"),
        (get(1), "'1' refers to nothing"),  # type: ignore[arg-type]
        (get("Steps.x.ProcessingJobName"), "there is no step 'x'"),
        (get("Steps.p"), "'Steps.p' must name a property of the step"),
        (get("Steps.p['ProcessingJobName']"), "must name a property of the step, after a dot"),
        (get("Steps.p.Nothing"), "a property that a step of type Processing does not have: there is no 'Nothing'"),
        (get("Steps.p.ProcessingOutputConfig.Outputs['a"), "is not valid at"),
        (get("Steps.p.PropertyFiles.report"), "a property that a step of type Processing does not have: there is no 'PropertyFiles'"),
        (get("Steps.f.ErrorMessage"), "a step of type Fail has no properties"),
        (get("Steps.c.Result"), "its properties are Outcome"),
        (get("Steps.l.OutputParameters['x']"), "its properties are OutputParameters of ['y']"),
        ({"Std:Join": {"Values": "x"}}, "Environment.A.Std:Join: it needs a list of Values"),
        ({"Std:Join": {"On": 1, "Values": []}}, "Environment.A.Std:Join: On must be text"),
        ({"Std:Join": {"Sep": "", "Values": []}}, "Environment.A.Std:Join: its members are On, Values"),
        ({"Std:JsonGet": {"Path": "a"}}, "Environment.A.Std:JsonGet: it needs Path, and PropertyFile or S3Uri"),
        ({"Std:JsonGet": {"Path": "a..b", "S3Uri": "s3://b/k"}}, "deep scan (..) are not"),
        ({"Std:JsonGet": {"Path": 1, "S3Uri": "s3://b/k"}}, "Path must be text"),
        ({"Std:JsonGet": {"Path": "a", "PropertyFile": "report"}}, "must be a Get of Steps.<step>.PropertyFiles.<name>"),
        ({"Std:JsonGet": {"Path": "a", "PropertyFile": get("Steps.p.PropertyFiles.x")}}, "the step 'p' has no property file 'x'"),
    ],
)
def test_expressions_are_checked(value: object, reason: str) -> None:
    function = {"Name": "l", "Type": "Lambda", "FunctionArn": "a", "OutputParameters": [{"OutputName": "y", "OutputType": "String"}]}
    steps = [training(Environment={"A": value}), processing() | {"PropertyFiles": FILES}, fail(), condition(), function]
    message = refusal(*steps, Parameters=[{"Name": "s"}])
    assert reason in message
    assert "$.Steps[0].Arguments.Environment.A" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"Nothing": 1}, "Unable to parse pipeline definition. Unknown Argument member 'Nothing'. It is at $.Steps[0].Arguments."),
        ({"ResourceConfig": {"Type": 1}}, "Unknown Argument member 'Type'. It is at $.Steps[0].Arguments.ResourceConfig."),
        ({"ResourceConfig": "x"}, "Expecting start of Json Object. It is at $.Steps[0].Arguments.ResourceConfig."),
        ({"HyperParameters": get("Parameters.s")}, "Expecting start of Json Object. It is at $.Steps[0].Arguments.HyperParameters."),
        ({"InputDataConfig": get("Parameters.s")}, "Expecting start of Json Array. It is at $.Steps[0].Arguments.InputDataConfig."),
        ({"RoleArn": []}, "Expecting a value of type String. It is at $.Steps[0].Arguments.RoleArn."),
        ({"AlgorithmSpecification": {"TrainingInputMode": "Files"}},
         "Model Validation failed: Value 'Files' for 'TrainingInputMode' failed to satisfy enum value set: [Pipe, File, FastFile]."),
        ({"InputDataConfig": [{}] * 21}, "'inputDataConfig' failed to satisfy constraint: Member must have length less than"),
        ({"HyperParameters": {"x": "v" * 2501}}, "is longer than 2500 characters. It is at $.Steps[0].Arguments.HyperParameters.x."),
        ({"HyperParameters": {"x": get("Parameters.i")}}, "Cannot assign property reference [Parameters.i] to argument of type [String]."),
        ({"Environment": {"x": get("Steps.p.ProcessingResources.ClusterConfig.InstanceCount")}}, "to argument of type [String]."),
        ({"ResourceConfig": {"InstanceCount": get("Parameters.s")}}, "[Parameters.s] to argument of type [Integer]."),
        ({"ResourceConfig": {"InstanceCount": {"Std:Join": {"On": "", "Values": []}}}}, "[Std:Join] to argument of type [Integer]."),
        ({"EnableManagedSpotTraining": get("Parameters.i")}, "[Parameters.i] to argument of type [Boolean]."),
    ],
)  # fmt: skip
def test_arguments_are_checked_against_the_request(arguments: dict, message: str) -> None:
    parameters = [{"Name": "s"}, {"Name": "i", "Type": "Integer"}]
    assert message in refusal(training(**arguments), processing(), Parameters=parameters)


def test_arguments_of_the_right_types_are_accepted() -> None:
    parameters = [{"Name": "s"}, {"Name": "i", "Type": "Integer"}, {"Name": "b", "Type": "Boolean"}]
    joined = {"Std:Join": {"On": "", "Values": [get("Parameters.i")]}}
    resources = {"InstanceCount": get("Steps.p.ProcessingResources.ClusterConfig.InstanceCount"), "VolumeSizeInGB": get("Parameters.i")}
    step = training(HyperParameters={"x": joined}, ResourceConfig=resources, EnableManagedSpotTraining=get("Parameters.b"))
    assert read(step, processing(), Parameters=parameters).steps["t"].triggers == {"p": "Completed"}


def test_a_model_package_may_not_have_a_name() -> None:
    step = {"Name": "r", "Type": "RegisterModel", "Arguments": {"ModelPackageName": "x"}}
    assert "Unknown Argument member 'ModelPackageName'." in refusal(step)


def test_no_step_depends_on_a_fail_step() -> None:
    assert "CondStep can not depends on FailStep" in refusal(fail("FailStep"), condition("CondStep") | {"DependsOn": ["FailStep"]})


@pytest.mark.parametrize(
    ("steps", "names"),
    [
        ([training("a") | {"DependsOn": ["b"]}, training("b") | {"DependsOn": ["a"]}], "a, b"),
        ([training("a", Environment={"X": get("Steps.b.TrainingJobName")}), training("b") | {"DependsOn": ["a"]}], "a, b"),
        ([condition("c", IfSteps=[training("a")]) | {"DependsOn": ["a"]}], "a, c"),
        ([condition("c", IfSteps=[training("a") | {"DependsOn": ["b"]}]), training("b") | {"DependsOn": ["c"]}], "a, b"),
    ],
)
def test_steps_that_wait_for_each_other_are_refused(steps: list, names: str) -> None:
    assert f"$.Steps: these steps wait for each other: {names}" in refusal(*steps)


def test_limits_of_a_pipeline() -> None:
    assert len(read(*(fail(f"f{n}") for n in range(50))).steps) == 50
    assert "the pipeline has 51 steps, and 50 are allowed" in refusal(*(fail(f"f{n}") for n in range(51)))
    files = [processing(f"p{n}") | {"PropertyFiles": FILES} for n in range(11)]
    assert "the pipeline has 11 property files, and 10 are allowed" in refusal(*files)
    gets = {f"k{n}": {"Std:JsonGet": {"S3Uri": "s3://b/k", "Path": "a"}} for n in range(100)}
    assert "the pipeline has 201 Std:JsonGet, and 200 are allowed" in refusal(
        training("a", Environment=gets), training("b", HyperParameters=gets), fail("c", gets["k0"])
    )
