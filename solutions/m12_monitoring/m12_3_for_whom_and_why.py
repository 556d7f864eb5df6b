# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # For whom, and why
#
# A bank's model says which mortgages are denied. It is not told who is Black. In May a broker introduced a new form, which adds the price of an insurance to
# the payments of some customers. Most of them are Black. The monitors of data quality and of model quality stayed quiet: hardly an input moved, and the model
# was as good as before. In autumn a newspaper counted the denials of each group.
#
# **By the end you can**
#
# - measure bias by month, and page for a change but not for noise (exercise 12.3.1)
# - measure how far a model's reasons have drifted (exercise 12.3.2)
# - say from four monitors who should be called, and for what (exercise 12.3.3)
#
# **Prerequisites**: [what comes in](m12_1_what_comes_in.ipynb) and [what came of it](m12_2_what_came_of_it.ipynb).
#
# **Time**: 65 minutes; a good place for a break is before "Why?".
#
# **Services**: SageMaker Clarify, Model Monitor, endpoints with data capture, CloudWatch.
#
# **Cost**: \$0 here. On AWS one endpoint runs for three days and one for a day, at {fact:price-ml-m5-large-hosting} dollars an hour: about 11 dollars, and some cents for
# the jobs (November 2026). New AWS accounts cannot start Clarify or Model Monitor since {fact:closed-features-day}.
#
# ## Set up

# %%
import logging

import numpy as np
import pandas as pd
from given import fair_monitors as run
from given import features, late_flights
from given.incoming_windows import distance
from given.late_flights import FEATURES, STATE
from given.mortgage_diary import MONITORS, diary
from given.mortgages import COLUMNS, applications, attributions, dearer, month, scores, trained
from given.quality_traffic import deploy
from matplotlib import pyplot as plt
from sklearn.metrics import roc_auc_score

from course import check, connect, hint, judge, show

logging.disable(logging.WARNING)  # the SDK logs each step
aws = connect("m12_3")
folder = f"s3://{aws.bucket}/{aws.prefix}"
clarify = run.clarify_here(aws)
bank = applications(aws.data("hmda"))
len(bank)

# %% [markdown]
# `APPLICATIONS` is how many people apply in a month. The second half is about flights: `FLIGHTS` is how many we attribute, `EXPLAINED` how many Clarify
# explains, and `SAMPLES` how many questions it asks the model about each.

# %% tags=["parameters"]
APPLICATIONS = 1_000
FLIGHTS = 1_000
EXPLAINED = 100
SAMPLES = 40
SEED = 3

# %% [markdown]
# As before, we import the SDK after `connect`.

# %%
from sagemaker.core.clarify import (
    BiasConfig,
    DataConfig,
    ModelConfig,
    SageMakerClarifyProcessor,
    SHAPConfig,
)
from sagemaker.core.model_monitor import (
    EndpointInput,
    ModelBiasMonitor,
    ModelExplainabilityMonitor,
)
from sagemaker.core.model_monitor.clarify_model_monitoring import (
    BiasAnalysisConfig,
    ExplainabilityAnalysisConfig,
)

rented = {"role": aws.role, "instance_type": "ml.m5.large", "sagemaker_session": aws.session}
denies = trained(bank)
bank["score"] = scores(denies, bank)
# Above `cut` the model denies: as many as the bank did.
cut = float(bank.score.quantile(1 - bank.denied.mean()))
bank["predicted"] = (bank.score > cut).astype(int)
bank.groupby("black")[["denied", "predicted", "pirat", "chist", "phist"]].mean().round(3)

# %% [markdown]
# The data are real: 2,380 applications in Boston, 1990, of 339 Black and 2,041 white applicants. We treat their lenders as one bank. It denied Black applicants
# three times as often. The model learned from the bank. It learned nothing from `black`, and still denies them much more often, since other columns, such as
# credit history (`chist`), differ, too.
#
# Leaving a column out does not make a model fair. Whether this difference is just, no monitor can say. It says whether the difference *changed* after somebody
# accepted it.
#
# ## For whom?
#
# Clarify has names for such differences. The *facet* is the column of the group, `d` the disadvantaged group, `a` the others. The good outcome here is
# *approved*.
#
# | metric | of predictions | no bias |
# |---|---|---|
# | DPPL, difference in positive proportions | share that the model approves, `a` minus `d` | 0 |
# | DI, disparate impact | the same shares, `d` divided by `a` | 1 |
# | AD, accuracy difference | accuracy, `a` minus `d` | 0 |
# | RD, recall difference | of those whom the bank approved, the share that the model approves, `a` minus `d` | 0 |
#
# A job of Clarify measures them on the known applications. Its file `analysis.json` is the monitor's baseline. (This SDK's `suggest_baseline` runs the same
# job, and then fails.)

# %%
METRICS = ["DPPL", "DI", "AD", "RD"]  # of some twenty
facet = BiasConfig([0], facet_name="black", facet_values_or_threshold=[1])  # 0: not denied
processor = SageMakerClarifyProcessor(instance_count=1, **rented)
if clarify:
    headers = [*COLUMNS, "denied", "predicted"]
    known = DataConfig(
        s3_data_input_path=aws.upload(bank[headers], "known/known.csv", header=True),
        s3_output_path=f"{folder}/fair/baseline",
        label="denied",
        predicted_label="predicted",
        headers=headers,
        dataset_type="text/csv",
    )
    # None: no model is asked, since the table has its predictions
    processor.run_bias(known, facet, None, wait=True, logs=False)
    accepted = run.bias_of(run.content(aws, f"{folder}/fair/baseline/analysis.json"), "black")
    print(accepted[METRICS].round(3).to_dict())

# %% [markdown]
# `[0]` says which label is the good outcome. With `[1]`, DPPL, DI and RD would measure who is denied, without any error.
#
# DI is below 0.8, so it fails the *four-fifths rule*, a guideline for employment in the United States. A monitor with this limit would page in most months.
#
# The monitor reads the captured requests, and needs the group of each applicant. So the requests have `black`, too. In training the model saw only zeros there,
# so it does not use it.

# %%
endpoint = deploy(aws, denies, "mortgages")
fair = ModelBiasMonitor(**rented)
schedule = aws.unique("fair")
if clarify:
    hour = (run.now(aws).hour - 1) % 24
    fair.create_monitoring_schedule(
        monitor_schedule_name=schedule,
        endpoint_input=EndpointInput(
            endpoint,
            "/opt/ml/processing/input/endpoint",
            probability_attribute="0",  # the first number of an answer
            probability_threshold_attribute=cut,
        ),
        ground_truth_input=f"{folder}/decisions",
        analysis_config=BiasAnalysisConfig(facet, [*COLUMNS, "denied"], "denied"),
        constraints=f"{folder}/fair/baseline/analysis.json",
        output_s3_uri=f"{folder}/fair/reports",
        schedule_cron_expression=f"cron(0 {hour} ? * * *)",
    )

# %% [markdown]
# The schedule runs daily. Now two months pass, each in one day. The table has no dates, so we draw the applications of a month at random. In April nothing
# changes. In May comes the new form: `dearer` adds 0.05 to `pirat`, monthly payments divided by income, of every Black applicant and of nobody
# else. `decided` asks the endpoint about each application, stores the bank's decision as its label, and lets a day pass.

# %%
april = month(bank, APPLICATIONS, SEED)
may = dearer(month(bank, APPLICATIONS, SEED + 1), 0.05)
measured = {"baseline": accepted} if clarify else {}
for number, (name, rows) in enumerate({"april": april, "may": may}.items(), start=1):
    rows["score"] = run.decided(aws, endpoint, rows, COLUMNS, name)
    moved = distance(np.sort(bank.pirat), np.sort(rows.pirat))
    print(f"{name}: distance of pirat {moved}, AUC {roc_auc_score(rows.denied, rows.score):.3f}")
    if clarify and aws.local:  # on AWS, the execution comes tomorrow
        found = run.ended(aws, schedule, number)
        measured[name] = run.bias_of(found["analysis"], "black")
        worse = [each["metric_name"] for each in found["constraint_violations"]["violations"]]
        print(f"   {found['status']}: {', '.join(worse)}")
pd.DataFrame(measured).reindex(METRICS).round(3)

# %% [markdown]
# What to notice:
#
# - In May all four metrics are much worse. The distance of `pirat`, over *all* applicants, is far below 0.1, the default limit, and the AUC is as before.
# - April has violations, too, though nothing changed. Clarify compares with the value of the baseline itself: whatever is a little worse is a violation. Each
#   metric is worse in about half of the sound months, and at least one of them in most months.
# - A request without a label counts in no metric: Clarify gets only merged requests.
#
# CloudWatch gets each metric, as `bias_metric_DPPL` and so on, in the namespace `aws/sagemaker/Endpoints/bias-metrics`.
#
# ## How much of it is noise?
#
# How much do *sound* months vary? We draw 300 of them, and 300 with the form, and look at the share of each group that the model approves.

# %%
changed = dearer(bank, 0.05)
changed["score"] = scores(denies, changed)
drawn = []
for rows, name in ((bank, "sound"), (changed, "with the form")):
    for number in range(300):
        some = month(rows[["black", "score"]], APPLICATIONS, number)
        shares = (some.score <= cut).groupby(some.black).mean()
        drawn.append({"months": name, "others": shares[0], "Black applicants": shares[1]})
drawn = pd.DataFrame(drawn)
figure, axes = plt.subplots(figsize=(7, 2.8))
bins = np.linspace(0.4, 1, 61)
for name, some in drawn.groupby("months"):
    axes.hist(some["Black applicants"], bins, alpha=0.6, label=f"Black applicants, {name}")
axes.hist(drawn.others, bins, alpha=0.6, color="#999999", label="others, all months")
axes.set(xlabel="share approved in a month", ylabel="months")
axes.legend()
show(figure, "Three histograms. Those of Black applicants are wide and overlap a little.")
drawn.groupby("months").agg(["mean", "std"]).round(3)

# %% [markdown]
# The share of the smaller group varies much more: only about 140 of 1,000 applicants are Black. A limit that suits months of 1,000 applications would page too
# often with 300, and would miss changes with 5,000. A share has a standard deviation, which follows from the share and the number of people.

# %% [markdown] exercise="m12_3_ex1"
# Write two functions. `month` and `baseline` are tables of applications with columns of 0 and 1: `black`, `denied` (by the bank) and `predicted` (1: the model
# denies).
#
# - `figures(month)` returns `{"DPPL": ..., "DI": ..., "RD": ...}` as in the table above: the good outcome is *approved*, and `d` is `black == 1`.
# - `pages(baseline, month)` returns a `bool`: does the model now treat Black applicants worse, compared with the others, than in the baseline? Take the
#   baseline's figures as exact.
#
# `pages` is judged on unseen months of 120 to 11,000 applications. In changed months, Black applicants have clearly higher scores, or a higher `pirat`. They
# may be few. Where the difference became *smaller*, do not page. The score is the share of changed months found, less the share of other months for which you
# page.


# %% answer="m12_3_ex1"
def figures(month: pd.DataFrame) -> dict:
    ### BEGIN SOLUTION
    approved = (month.predicted == 0).groupby(month.black).mean()
    right = month[month.denied == 0]
    recall = (right.predicted == 0).groupby(right.black).mean()
    difference = {"DPPL": approved[0] - approved[1], "RD": recall[0] - recall[1]}
    return {**difference, "DI": approved[1] / approved[0]}
    ### END SOLUTION


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    ### BEGIN SOLUTION
    groups = (month.predicted == 0).groupby(month.black).agg(["mean", "size"])
    deviation = (groups["mean"] * (1 - groups["mean"]) / groups["size"]).sum() ** 0.5
    grown = figures(month)["DPPL"] - figures(baseline)["DPPL"]
    return bool(grown > 2.75 * deviation)
    ### END SOLUTION


# %% check="m12_3_ex1"
check("m12_3_ex1", figures=figures, pages=pages)

# %% [markdown]
# ## Why?
#
# Bias asks whom a model treats worse; *attribution* asks why it predicts what it does. A *SHAP value* says how far one feature moved one prediction, up or
# down. The mean of its absolute values is the weight of a feature. If the order of the weights changes, predictions have other reasons than those that somebody
# once approved: because of another model, or of other inputs.
#
# We return to the model of late flights, of January to March. Two of its features are the state of the airport: how many planes left in the last two hours,
# and how late. Now the program that computes them fails, and the endpoint gets the medians all day: the state is *stuck*.

# %%
flown = features.flights(aws.data("flights"), months=(1, 5))
flights = late_flights.table(flown, aws.data("weather"))
state = late_flights.joined(flights, "asked_at", features.airport_state(flown), STATE)
flights = flights.join(state)
quarter = flights[flights.departs < "2013-04-01"].sample(20_000, random_state=SEED)
late = late_flights.trained(quarter, FEATURES, 40)
before = quarter.head(FLIGHTS)
today = flights[flights.departs > "2013-05-01"].sample(FLIGHTS, random_state=SEED)
stuck = today.assign(**{name: quarter[name].median() for name in STATE})
weights = {
    "January to March": attributions(late, before).abs().mean(),
    "May": attributions(late, today).abs().mean(),
    "May, state stuck": attributions(late, stuck).abs().mean(),
}
pd.DataFrame(weights).sort_values("January to March", ascending=False).round(3)

# %% [markdown]
# `attributions` uses TreeSHAP, which is part of XGBoost and looks into the trees. Clarify cannot look into a model, and asks it: *Kernel SHAP* replaces some
# features of a flight by those of a *reference row* and sees how the answer changes. Here that row holds the means (`SHAPConfig` calls it baseline). For these questions
# Clarify starts an endpoint of its own, with the model that `ModelConfig` names.

# %%
flying = deploy(aws, late)
typical = quarter[FEATURES].mean().to_list()
shap = SHAPConfig([typical], num_samples=SAMPLES, agg_method="mean_abs", seed=SEED)
asks = ModelConfig(flying, 1, "ml.m5.large", content_type="text/csv", accept_type="text/csv")
if clarify:
    if aws.local:  # on AWS it has not run yet
        fair.delete_monitoring_schedule()
    some = before[FEATURES].head(EXPLAINED)
    learned = DataConfig(
        s3_data_input_path=aws.upload(some, "before/before.csv", header=True),
        s3_output_path=f"{folder}/why/baseline",
        headers=FEATURES,
        dataset_type="text/csv",
    )
    processor.run_explainability(learned, asks, shap, wait=True, logs=False)
    asked = run.importance_of(run.content(aws, f"{folder}/why/baseline/analysis.json"))
    print(asked.sort_values(ascending=False).round(4).head(6).to_dict())

# %% [markdown]
# These are probabilities, of 100 flights; those above are log odds. The order is similar. Now the monitor, and a day with the state stuck.

# %%
why = ModelExplainabilityMonitor(**rented)
reasons = aws.unique("why")
runtime = aws.client("sagemaker-runtime")
if clarify:
    why.create_monitoring_schedule(
        monitor_schedule_name=reasons,
        endpoint_input=EndpointInput(flying, "/opt/ml/processing/input/endpoint"),
        analysis_config=ExplainabilityAnalysisConfig(shap, asks, FEATURES),
        constraints=f"{folder}/why/baseline/analysis.json",
        output_s3_uri=f"{folder}/why/reports",
        schedule_cron_expression=f"cron(0 {(run.now(aws).hour - 1) % 24} ? * * *)",
    )
    body = stuck[FEATURES].head(EXPLAINED).to_csv(header=False, index=False)
    sent = {"EndpointName": flying, "ContentType": "text/csv", "Body": body}
    runtime.invoke_endpoint(**sent)["Body"].read()
    run.day_passes(aws)
    if aws.local:
        found = run.ended(aws, reasons, 1)
        print(found["status"])
        print(*(each["description"] for each in found["constraint_violations"]["violations"]))

# %% [markdown]
# The monitor has one number for a day, *nDCG*, which comes from search engines, and one limit that nobody can change, 0.9. This is nDCG:
#
# - Put the features into today's order, the largest weight of today first.
# - Add up their weights *of the baseline* in this order: the first as it is, the second divided by log2(3), the third by log2(4), and so on.
# - Divide by the same sum in the best order, that of the baseline's own weights.
#
# `ModelConfig` names a model, not the endpoint (`deploy` gave both one name). If the endpoint gets another model, this monitor still explains the old one,
# until it is given the new name.

# %% [markdown] exercise="m12_3_ex2"
# Write `attribution_drift(baseline, today)` that returns this number. Both are tables of SHAP values, like those that `attributions` returns: a row for each
# prediction, a column for each feature. `today` may have other rows, and its columns another order. `attribution_drift(before, before)` is 1.0.
#
# It is judged on unseen tables, to four digits; if half of the scores are wrong, it earns nothing.


# %% answer="m12_3_ex2"
def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    ### BEGIN SOLUTION
    weights = baseline.abs().mean()
    order = today.abs().mean().sort_values(ascending=False).index
    discounts = np.log2(np.arange(len(weights)) + 2)
    best = weights.sort_values(ascending=False).to_numpy()
    return float((weights[order].to_numpy() / discounts).sum() / (best / discounts).sum())
    ### END SOLUTION


# %% check="m12_3_ex2"
check("m12_3_ex2", attribution_drift=attribution_drift)

# %% [markdown]
# Now one feature after the other gets stuck at its median, and at last both of the state. `drift_sound` is the distance that data quality measures for this
# feature in May as it was, and `drift_stuck` that of the stuck one; 0.1 is the default limit. In the first row nothing is stuck; its distances are the largest
# of any feature. `auc_lost` is how much AUC the model loses.

# %%
try:
    rows, usual = [], attributions(late, before)
    for names in ([], *([name] for name in FEATURES), STATE):
        broken = today.assign(**{name: quarter[name].median() for name in names})
        row = {"stuck": " and ".join(names) or "none: May as it was"}
        row["ndcg"] = attribution_drift(usual, attributions(late, broken))
        for column, some in (("drift_sound", today), ("drift_stuck", broken)):
            pairs = [(quarter[name].dropna(), some[name].dropna()) for name in names or FEATURES]
            row[column] = max(distance(np.sort(one), np.sort(other)) for one, other in pairs)
        row["auc_lost"] = late_flights.auc(late, today) - late_flights.auc(late, broken)
        rows.append(row)
    print(pd.DataFrame(rows).round(3).to_string(index=False))
except Exception as error:  # also one of a function that is not right yet
    print(f"This table needs your attribution_drift: {type(error).__name__}: {error}")

# %% [markdown]
# Attribution drift misses nearly all of these breakages: a stuck feature loses most of its weight, and the others keep their order. Even `minutes`, without
# which the model is much worse, leaves nDCG at 0.99. Only the feature with the largest weight moves it below 0.9. Nor are distances a sure sign: that of
# `temp` is *smaller* when it is stuck. Data quality has a better sign: `std_dev` is 0 (for `precip`, on dry days, too).
#
# Attribution drift is for a model that has other reasons than the approved one. If it is as good, neither a column nor a label shows that.
#
# ## Four monitors, one month
#
# The bank now has all four monitors. A pipeline tells the attribution monitor the name of each new model. A *diary* has the measures of twelve sound months,
# and of 21 months in which something happened:
#
# | `what` | what people suffered |
# |---|---|
# | others apply | nothing: other kinds of people applied |
# | one value, percent | a form sent the same value for everybody, or percent; applicants were judged by wrong numbers |
# | criteria | the bank decided by new criteria; the model denied people whom the bank would have approved |
# | scores, payments | Black applicants were denied more often, because the model's scores were higher, or because of the broker's form |
# | other model | a colleague deployed another model; applicants were told reasons that were no longer true |

# %%
months = diary()
print(*(f"{monitor}: {', '.join(names)}" for monitor, names in MONITORS.items()), sep="\n")
kinds = months.groupby(["call", "what"], sort=False)
kinds.agg({name: ["min", "max"] for names in MONITORS.values() for name in names})

# %% [markdown]
# `constant` is how many features have one value only, and `drift` the largest distance of a feature.
#
# - The AUC falls in three kinds of months. Only in one of them does retraining help.
# - DPPL rises in three kinds, too. In one of them a column is broken, for everybody.
# - nDCG falls if another model answers, and a little if a column is broken: the order of your questions matters.
# - `drift` moves in months in which nobody suffers, and hardly in the `payments` months.

# %% [markdown] exercise="m12_3_ex3"
# Write `triage(usual, now)` that returns whom to call for a month: `"forms"` (a column is broken), `"release"` (another model answers), `"fairness"`,
# `"retraining"` (the world changed), or `"nobody"`.
#
# `now` is a `dict` with the five measures of the month, for example `{"constant": 0, "drift": 0.25, "auc": 0.83, "dppl": 0.16, "ndcg": 1.0}`. `usual` is a
# table of the same measures, with a row for each of twelve sound months of the same bank.
#
# It is judged on months of other banks, whose usual measures differ. In many of them nobody should be called. In each month at most one thing happened.


# %% answer="m12_3_ex3"
def triage(usual: pd.DataFrame, now: dict) -> str:
    ### BEGIN SOLUTION
    def beyond(name: str) -> float:
        """Deviations by which a measure is above its usual mean."""
        return (now[name] - usual[name].mean()) / max(usual[name].std(), 0.004)

    if now["constant"] > 0 or now["drift"] > 0.5:
        return "forms"
    if now["ndcg"] < 0.9:
        return "release"
    if beyond("dppl") > 4:
        return "fairness"
    return "retraining" if beyond("auc") < -4 else "nobody"
    ### END SOLUTION


# %% check="m12_3_ex3"
check("m12_3_ex3", triage=triage)

# %% [markdown]
# ## In a new account
#
# A new AWS account has neither Clarify nor Model Monitor. What they compute is not much code:
#
# | monitor | the same with open tools |
# |---|---|
# | data quality | [Evidently](https://docs.evidentlyai.com)'s data drift preset, or a few lines of pandas and SciPy |
# | model quality | scikit-learn's metrics, on predictions joined with labels |
# | bias | `figures`, or the library Fairlearn |
# | attribution | the library [SHAP](https://shap.readthedocs.io), or XGBoost's own TreeSHAP, and `attribution_drift` |
# | the schedule | an EventBridge schedule that starts a pipeline with a Processing step |
# | the alarm | `put_metric_data`, and the alarm of [the notebook before](m12_2_what_came_of_it.ipynb) |
#
# Endpoints still capture data in every account.
#
# ## In this notebook we have
#
# - measured bias, and paged for changes larger than the noise of a month;
# - measured attribution drift, and seen that it misses most broken columns;
# - told from four monitors whom to call, and when to call nobody.
#
# ## Recall
#
# 1. The model does not use `black`. Why does it deny Black applicants more often?
# 2. Why is a violation of Clarify's bias monitor no reason to call somebody?
# 3. The size of which group decides how much DPPL varies from month to month?
# 4. A feature is stuck at one value. Which monitor finds that, and which mostly does not?
# 5. An endpoint gets a new model that is as good, for other reasons. Which monitor sees it, and what does it need for that?
#
# <details><summary>Answers</summary>
#
# - 1: it learned from the bank's decisions, and other columns differ between the groups.
# - 2: its limits are the values of the baseline itself; most sound months miss one of them.
# - 3: that of the smaller group.
# - 4: data quality finds it; attribution drift does not, unless the feature was the most important one.
# - 5: attribution drift; the new model's name in its `ModelConfig`.
#
# </details>
#
# ## Clean up

# %%
if clarify:
    why.delete_monitoring_schedule()
aws.cleanup()

# %% [markdown]
# ## Next
#
# [Pipelines that go wrong](../m10_pipelines/m10_2_pipelines_that_go_wrong.ipynb) has a guard that stops bad rows before they train a model.
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
