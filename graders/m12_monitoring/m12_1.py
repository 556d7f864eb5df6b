"""m12_1: a baseline of past traffic, constraints that seasons pass, broken monitors, and what it costs to be called."""

from course.grading import Answer, Exercise, Function, Report, Value
from course.grading.exercise import seeds, stored

from .m12_1_broken import broken_setups, judge_form, judge_repairs
from .m12_1_guard import PRACTICE, PRACTICE_MONTHS, PRACTICE_UNUSED, QUARTERS, faulty, judge_guard, model, sound
from .m12_1_paging import PRACTICE as PRACTICE_FAULTS
from .m12_1_paging import cases, judge_choices
from .m12_1_past import drawn_requests, judge_past

ex1 = Exercise(
    id="m12_1_ex1",
    title="A baseline of past traffic",
    section="What a file of captured requests holds",
    pattern=9,
    parts={"files": 0.5, "columns": 0.5, "rows": 1.0},
    evidence={"past_baseline": Function("past_baseline(folder: str, target: str) -> None")},
    skills={"C01": ["4.1.S1", "4.1.K1"], "C02": ["2.3.2", "4.1.1"]},
    topics=["mon.capture"],
    seconds=120,  # its function runs a job
    hints=(
        "Make a table of the captured lines first, with a header. Then let the analyzer suggest a baseline of it.",
        "`watch.objects(aws, folder)` returns the text of each file. Each of its lines is JSON; the flights are in "
        "`captureData.endpointInput.data`, a line of CSV each.",
        "`pd.read_csv(io.StringIO(body), header=None, names=FEATURES)` for each request, `pd.concat`, `aws.upload(..., header=True)`, "
        "then `monitor.suggest_baseline(..., DatasetFormat.csv(header=True), output_s3_uri=target, wait=True, logs=False)`. For BASE64: "
        "`base64.b64decode(data).decode()`.",
    ),
)

ex2 = Exercise(
    id="m12_1_ex2",
    title="Constraints that seasons pass",
    section="A season, or a broken column?",
    pattern=5,
    parts={"practice": 0.5, "guard": 2.5},
    evidence={"constraints_for": Function("constraints_for(suggested: dict, statistics: dict) -> dict")},
    skills={"C01": ["4.1.S1", "4.1.K1"], "C02": ["2.3.2", "4.1.1"]},
    topics=["mon.data_quality"],
    seconds=60,
    hints=(
        "For each feature two numbers: the least completeness of a sound month, and the largest distance of a sound month. "
        "Then a little room beyond them.",
        "Change `completeness`, and add `monitoringConfigOverrides` with `distribution_constraints`. Seasons hardly move schedule "
        "features; they move some weather features much, and one of them all the way.",
        '`feature["monitoringConfigOverrides"] = {"distribution_constraints": {"perform_comparison": "Enabled", "comparison_threshold": '
        '<limit>, "comparison_method": "Robust"}}`. One value is at least half a distribution away from its whole.',
    ),
)

ex3 = Exercise(
    id="m12_1_ex3",
    title="Mend three monitors",
    section="Monitors that see nothing",
    pattern=4,
    parts={"form": 0.25, "finds": 1.25, "smallest": 1.0},
    evidence={"repairs": Value(dict)},
    skills={"C01": ["4.1.S1", "4.2.S1"], "C02": ["4.1.1", "4.2.2"]},
    topics=["mon.data_quality"],
    seconds=60,
    hints=(
        "Failed: what does the failure reason name? Completed: what should this hour have shown, and what do the reports show instead?",
        "Go along the path of the data: which endpoint, which hours, which program on which machines, which two files of the baseline, "
        "where to, and who hears of it.",
        'One entry: `repairs["monitor-9"] = {"definition.JobResources.ClusterConfig.VolumeSizeInGB": 20}`. '
        "Compare each address of the baseline with what lies there.",
    ),
)

ex4 = Exercise(
    id="m12_1_ex4",
    title="What is worth a call at night?",
    section="Who gets up for this?",
    pattern=6,
    parts={"practice": 0.5, "cost": 2.0},
    evidence={"choose": Function("choose(history: pandas.DataFrame, costs: dict) -> dict")},
    skills={"C01": ["4.1.S1", "4.1.K1"], "C02": ["2.3.2", "4.1.1"]},
    topics=["mon.capture", "mon.data_quality"],
    seconds=60,
    hints=(
        "Write the cost of one choice as a function first. Then try all choices.",
        "For each baseline and each length take its rows. Only limits between two distances of these rows differ in what they cost.",
        "`for (baseline, days), some in history.groupby(['baseline', 'days'])`; candidates: 0, 1 and the middles of neighbours of "
        "`np.unique(some[['sound', 'broken']])`; `false = (some.sound > limit).mean()`; `min(..., key=...)`.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("makes a baseline of captured requests with your function")
    judge_past(answer, report, f"check-m12-1-{answer.token()}", drawn_requests(answer.rng, encoded=True))


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    report.doing("analyzes sound and broken months with your constraints")
    months = sound(answer.rng, PRACTICE_MONTHS) + faulty(answer.rng, PRACTICE, PRACTICE_MONTHS)
    judge_guard(answer, report, "practice", f"check-m12-1-{answer.token()}", [model(answer.rng, QUARTERS[0], months, PRACTICE_UNUSED)])


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    if judge_form(answer, report):
        report.doing("runs the three monitors with your changes over an hour of broken flights")
        judge_repairs(answer, report, dict(broken_setups(answer)))


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    given = cases(seeds.shared_practice(ex4.id), PRACTICE_FAULTS)
    judge_choices(answer, report, "practice", given, stored.outcomes(__file__))
