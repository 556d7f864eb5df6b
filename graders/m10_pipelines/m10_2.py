"""m10_2: a cache that compares contents, failed executions, bad tables, broken definitions, and the origin of a model."""

from course.grading import Answer, Exercise, Function, Report, Value

from .m10_2_broken import judge_form, judge_repairs
from .m10_2_finish import judge_finish, practice_cases
from .m10_2_guard import judge_guard, judge_stop
from .m10_2_origin import judge_origin, practice_plan
from .m10_2_pinned import judge_pin, practice_case
from .m10_2_tables import PRACTICE, PRACTICE_MONTHS, faulty_months, known_flights, sound_months

ex1 = Exercise(
    id="m10_2_ex1",
    title="Addresses that say what is there",
    section="The cache compares addresses",
    pattern=9,
    parts={"rest": 0.25, "same": 0.75, "changed": 0.5, "runs": 0.5},
    evidence={"pin": Function("pin(definition: str) -> str")},
    skills={"C01": ["2.3.S3", "3.3.S3"], "C02": ["3.3.3"]},
    topics=["pipe.cache"],
    seconds=60,
    hints=(
        "For each address: list its objects, and hash their names and ETags. Copy the objects to a folder that the hash names.",
        "`json.loads` and `json.dumps` around a loop over `Steps`. Only an `S3Uri` that is a `str` is replaced. "
        "Names are sorted, and without the folder.",
        "`hashlib.sha256(json.dumps(sorted(...)).encode()).hexdigest()`; `s3.copy_object(CopySource={'Bucket': ..., 'Key': ...}, "
        "Bucket=aws.bucket, Key=f'{place}/{name}')`. The prefix `data/a` also lists `data/ab/`.",
    ),
)

ex2 = Exercise(
    id="m10_2_ex2",
    title="Finish without paying twice",
    section="Go on where it broke",
    pattern=9,
    parts={"rest": 0.5, "paid": 1.0, "parameters": 0.5},
    evidence={"finish": Function("finish(failed: str) -> str")},
    skills={"C01": ["3.3.S4", "4.1.S2"], "C02": ["3.3.3"]},
    topics=["pipe.cache", "pipe.steps"],
    seconds=60,
    hints=(
        "Take all steps of the newest definition, and leave out those that succeeded in the failed execution.",
        "Go through `Steps`, and through the branches of Condition steps that can still run. Steps that never started are not listed: look "
        "for names that are not among those that succeeded. Give the parameters again.",
        "`start_pipeline_execution(PipelineName=..., PipelineParameters=<from list_pipeline_parameters_for_execution>, "
        "SelectiveExecutionConfig={'SourcePipelineExecutionArn': failed, 'SelectedSteps': [{'StepName': name} for name in ...]})`.",
    ),
)

ex3 = Exercise(
    id="m10_2_ex3",
    title="A guard in front of the pipeline",
    section="Bad data looks like good data",
    pattern=5,
    parts={"practice": 0.25, "guard": 1.75, "stops": 1.0},
    evidence={
        "faults": Function("faults(flights: pandas.DataFrame, known: pandas.DataFrame) -> list[str]"),
        "guard_arn": Value(str),
    },
    skills={"C01": ["1.3.S1", "3.3.S5"], "C02": ["1.3.1"]},
    topics=["pipe.steps", "pipe.condition"],
    seconds=90,
    hints=(
        "Go through the list of faults, with a rule for each. Then run them on samples of all months, and loosen those that stop one.",
        "Judge a column by shares, not by single values: the share that is missing, that `known` does not have, that is the same value. "
        "Names and types of the columns come first.",
        "Helpful: `set(flights) != set(known)`, `pd.api.types.is_numeric_dtype`, `duplicated().mean()`, `isna().mean()`, "
        "`value_counts(normalize=True)`; for whole numbers `values.isin(known[name])`, for weather "
        "`values.between(*known[name].quantile([0.001, 0.999]))` with a margin.",
    ),
)

ex4 = Exercise(
    id="m10_2_ex4",
    title="Diagnose and mend three pipelines",
    section="Three broken pipelines",
    pattern=4,
    parts={"form": 0.25, "evidence": 0.75, "repair": 1.0},
    evidence={"diagnoses": Value(dict), "repairs": Value(dict)},
    skills={"C01": ["4.1.S2", "4.2.S1"], "C02": ["4.2.2"]},
    topics=["pipe.steps"],
    seconds=90,
    hints=(
        "The failure reason first; then the log of the step's job, from below. What did the step not find, or not accept?",
        "Look in the definition for the value that the message names. Is it wrong there, or does it come from a parameter or another step?",
        'One entry: `diagnoses["pipeline-9"] = {"step": "Train", "line": "<words of the log>"}` and '
        '`repairs["pipeline-9"] = {"Steps.Train.Arguments.HyperParameters.eta": "0.2"}`.',
    ),
)

ex5 = Exercise(
    id="m10_2_ex5",
    title="Which execution made this model?",
    section="Which execution made this model?",
    pattern=8,
    parts={"execution": 0.5, "data": 0.25, "code": 0.25},
    evidence={"origin": Function("origin(endpoint: str) -> dict")},
    skills={"C01": ["2.3.S3"], "C02": ["3.3.6"]},
    topics=["pipe.cache"],
    seconds=60,
    hints=(
        "Endpoint, its configuration, its model, the archive: the jobs above that archive made it.",
        "One job is a training job: its tags name the execution. The other is a Processing job: its inputs are the table and the script.",
        "`query_lineage(StartArns=[<ARN of the archive's artifact>], Direction='Ascendants', IncludeEdges=False, "
        "Filters={'LineageTypes': ['TrialComponent']})`, then "
        "`describe_trial_component(TrialComponentName=<the last part of the ARN>)['Source']['SourceArn']`.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("pins a definition before and after changes, and runs it")
    judge_pin(answer, report, f"check-m10-2-{answer.token()}", practice_case(answer.rng))


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    report.doing("lets executions fail, mends their pipelines, and lets your function finish them")
    judge_finish(answer, report, f"check-m10-2-{answer.token()}", practice_cases(answer.rng))


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    report.doing("shows your guard sound tables and tables with a fault")
    cases = sound_months(answer.rng, PRACTICE_MONTHS) + faulty_months(answer.rng, PRACTICE)
    judged = judge_guard(answer, report, "practice", known_flights(), cases)
    report.doing("starts your pipeline on a sound table and on one with a fault")
    judge_stop(answer, report, f"check-m10-2-{answer.token()}", judged)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    if judge_form(answer, report):
        judge_repairs(answer, report)


@ex5.practice
def practice_ex5(answer: Answer, report: Report) -> None:
    report.doing("runs a pipeline five times, and deploys models of it")
    judge_origin(answer, report, f"check-m10-2-{answer.token()}", practice_plan(answer.rng))
