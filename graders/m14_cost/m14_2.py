"""m14_2: a job on Spot instances, a type by the cost of a thousand requests, an endpoint made smaller, and a year for half."""

from course.grading import Answer, Exercise, Function, Report

from .m14_2_company import judge_example
from .m14_2_sizes import judge_move, judge_small_weeks
from .m14_2_spot import judge_examples, judge_job
from .m14_2_types import judge_tables

ex1 = Exercise(
    id="m14_2_ex1",
    title="Train on instances that may go",
    section="How often to save",
    pattern=6,
    parts={"request": 0.75, "resumed": 0.5, "distance": 1.25},
    evidence={"on_spot": Function("on_spot(request: dict, facts: dict) -> dict")},
    skills={"C01": ["4.2.S10", "2.3.S2"], "C02": ["4.2.6"]},
    topics=["cost.spot", "train.checkpoint"],
    seconds=90,
    hints=(
        "Three members of the request change, and one hyperparameter. For the distance, think of what an hour of work loses: "
        "to checkpoints, and to interruptions.",
        "With `t` seconds of work between two checkpoints, saving takes the share `save_seconds / t` of the time, and an "
        "interruption loses `t / 2` on average, once in each `lifetime`. Which `t` makes the sum the least?",
        "The sum is the least at `t = (2 * save_seconds * lifetime) ** 0.5`. Divide by `round_seconds`, round, and keep it "
        "between 1 and `rounds`. `MaxWaitTimeInSeconds` belongs to `StoppingCondition`.",
    ),
)

ex2 = Exercise(
    id="m14_2_ex2",
    title="The cost of a thousand requests",
    section="Which instance",
    pattern=1,
    parts={"practice": 0.25, "unseen": 1.25, "edges": 0.5},
    evidence={"cheapest": Function("cheapest(recommendations: list, need: dict) -> dict | None")},
    skills={"C01": ["4.2.S5", "4.2.K4", "3.1.S2", "2.1.S4"], "C02": ["4.2.1"]},
    topics=["cost.recommender", "cost.instances"],
    seconds=60,
    hints=(
        "Go through the recommendations one by one. Which are left out? How many instances does the peak need, and what do "
        "they cost in an hour?",
        "`EndpointConfiguration` has the `InstanceType`, `Metrics` the other numbers. An hour has `60 * mean` requests, also "
        "when fewer come than the instances stand.",
        "`count = max(least, ceil(peak / (0.8 * MaxInvocations)))`, `per_thousand = count * CostPerHour / (60 * mean) * "
        "1000`. `min(..., key=..., default=None)`.",
    ),
)

ex3 = Exercise(
    id="m14_2_ex3",
    title="Make an endpoint smaller",
    section="What the metrics of an endpoint say",
    pattern=9,
    parts={"practice": 0.25, "fitting": 1.0, "type": 0.5, "kept": 0.75},
    evidence={
        "fitting": Function("fitting(usage: DataFrame, now: str, types: dict) -> str"),
        "move": Function("move(endpoint: str, instance_type: str) -> None"),
    },
    skills={"C01": ["4.2.S5", "4.2.K4", "3.2.S1"], "C02": ["4.2.1", "4.2.2"]},
    topics=["cost.recommender", "cost.instances"],
    seconds=120,
    hints=(
        "The busiest minute decides, not the mean. How many vCPUs and how many gigabytes does it use, and how many of each "
        "must an instance have?",
        "`CPUUtilization` / 100 are vCPUs, `MemoryUtilization` / 100 is a share of the memory of `now`. Divide by 0.7 and "
        "0.8. For `move`, read the configuration that the endpoint has, and make another one with all that is in it.",
        '`[each | {"InstanceType": instance_type} for each in old["ProductionVariants"]]`, `DataCaptureConfig` if the old one'
        " has it, and `update_endpoint(..., RetainAllVariantProperties=True)`.",
    ),
)

ex4 = Exercise(
    id="m14_2_ex4",
    title="A year for half of the bill",
    section="The year of a company",
    pattern=3,
    parts={"practice": 0.25, "half": 1.5, "best": 1.25},
    evidence={"plan": Function("plan(facts: dict) -> dict")},
    skills={"C01": ["4.2.S10", "4.2.S9", "3.1.S1", "3.2.S1", "4.2.S1"], "C02": ["4.2.6", "4.2.5"]},
    topics=["cost.spot", "cost.sharing", "cost.manage"],
    seconds=180,
    hints=(
        "The workloads do not touch each other. So take the cheapest option of each one that keeps its limit, and decide on "
        "the commitment last.",
        "Nobody knows how busy the next year is. Replay each option of the website in several years, from a growth of 1 to "
        "one of 1.1, and take only what keeps its limit in all of them.",
        "`all(company.replay(year, {workload: option}).loc[workload].kept for year in years)`. The commitment is the load at "
        "the share `DISCOUNT` of the sorted hours, times `1 - DISCOUNT`, as in the notebook before.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("runs a job of your request")
    judge_job(answer, report)
    judge_examples(answer, report)


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    report.doing("asks your function for small tables")
    judge_tables(answer, report)


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    report.doing("asks your function for small weeks")
    if not judge_small_weeks(answer, report):
        for part in ("type", "kept"):
            report.part(part, False, "Judged once `fitting` is right for the small weeks.")
        return
    report.doing("makes an endpoint, and moves it by your function")
    judge_move(answer, report)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    report.doing("replays a year of a company with your plan")
    judge_example(answer, report)
