"""m12_2: labels that come late, monitors that measure nothing, and an alarm chosen by its costs."""

from course.grading import Answer, Exercise, Function, Report, Value

from .m12_2_broken import judge_form, judge_repairs
from .m12_2_days import AIRPORTS, days_of
from .m12_2_labels import judge_labels
from .m12_2_watch import accepted, judged, services, words

SAVES = 0.9  # of the dollars of the better rivals, which a plan stays below on days that it knows

ex1 = Exercise(
    id="m12_2_ex1",
    title="Each outcome to its prediction",
    section="Labels come later",
    pattern=9,
    parts={"form": 0.5, "once": 1.75, "values": 1.25},
    evidence={"write_labels": Function("write_labels(predictions: DataFrame, messages: DataFrame, folder: str)")},
    skills={"C01": ["4.1.S1", "4.1.K2"], "C02": ["4.1.1"]},
    topics=["mon.model_quality"],
    seconds=60,
    hints=(
        "First the newest message of each flight, then the flights that landed, then their predictions.",
        "What did an earlier call write that is not true any more? A file that would be empty now must go, too.",
        "`messages.sort_values('sent').drop_duplicates('flight', keep='last')`, a `merge` on `flight`, and a `groupby` on "
        "`pd.to_datetime(rows.sent).dt.strftime('%Y/%m/%d/%H')`; before that, delete all objects below the folder.",
    ),
)

ex2 = Exercise(
    id="m12_2_ex2",
    title="Three monitors that measure nothing",
    section="Three monitors that measure nothing",
    pattern=4,
    parts={"form": 0.25, "evidence": 1.25, "repair": 1.5},
    evidence={"evidence": Value(dict), "repairs": Value(dict)},
    skills={"C01": ["4.1.S2", "4.2.S1"], "C02": ["4.1.2", "4.2.2"]},
    topics=["mon.model_quality"],
    seconds=60,
    hints=(
        "Two executions failed, and say why. One completed: what did it measure, and where did it put that?",
        "Compare the values that a text names with the definition, and with the schedule of the lesson, which works.",
        'One entry: `evidence["monitor-9"] = "<words of a text>"` and '
        '`repairs["monitor-9"] = {"StoppingCondition.MaxRuntimeInSeconds": 900}`.',
    ),
)

ex3 = Exercise(
    id="m12_2_ex3",
    title="An alarm that is worth its pages",
    section="One number a day",
    pattern=6,
    parts={"request": 0.75, "practice": 0.25, "dollars": 2.5},
    evidence={"watch": Function("watch(days: DataFrame, case: dict) -> dict")},
    skills={"C01": ["4.2.S1", "4.1.S1"], "C02": ["4.2.2", "4.1.1"]},
    topics=["mon.alarms"],
    seconds=120,
    hints=(
        "You have a quarter of days, with faults and without. What would a plan have cost then?",
        "Try alarms on several days, with thresholds among the values of sound days, and both rivals. Take the plan with the least `usd`.",
        "`played(days, case, plan)['usd']` for each plan of a loop over `(last, needed)` and over "
        "`days[days.fault == ''].auc.quantile([...])`; the namespace and the dimensions are those that `list_metrics` shows above.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("lets your function write labels twice, and merges them")
    judge_labels(answer, report, f"check-m12-2-{answer.token()}")


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    if judge_form(answer, report):
        judge_repairs(answer, report)


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    known = {airport: days_of(airport) for airport in AIRPORTS}
    found = judged(answer, report, known, known, services(answer.rng))
    if not found:
        return
    accepted(answer, report, found)
    saves = sum(each.result["usd"] for each in found) < SAVES * sum(each.rival for each in found)
    report.part("practice", saves, words(found, "From April to June, the days that it was given,"))
