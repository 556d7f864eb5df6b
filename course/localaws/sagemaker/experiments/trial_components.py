"""Trial components: the steps of a trial, with their parameters, artifacts and metrics. `tracking` creates those of jobs.

Updates of maps and exclusive list filters: API reference of UpdateTrialComponent and ListTrialComponents, read 2026-11-25. Times of
metrics: sagemaker/core/experiments/_metrics.py of the SDK.
"""

from __future__ import annotations

import math

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.experiments import experiments, lineage
from course.localaws.sagemaker.experiments.experiments import EXPERIMENT, TRIAL, TRIAL_COMPONENT, arn_of, listed, refuse_while_held
from course.localaws.sagemaker.experiments.metric_series import MetricSeries, statistic_of

MAPS = ("Parameters", "InputArtifacts", "OutputArtifacts")
EMPTY: dict = {name: {} for name in MAPS}  # AWS returns empty maps, and the SDK's ExperimentAnalytics needs them
OLDEST, NEWEST = -1_209_600.0, 7_200.0  # allowed range of a metric's time stamp, in seconds from now
PERIODS = {"OneMinute": 60, "FiveMinute": 300, "OneHour": 3600}  # seconds


class TrialComponents(Family):
    """Create, Describe, List, Update, Delete, Associate and Disassociate, and the service ``sagemaker-metrics``."""

    kinds = (TRIAL_COMPONENT,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._engine, self._clock = engine, platform.clock
        self.series = MetricSeries(platform.state / "sagemaker.db")
        self.operations: dict[str, Operation] = {
            "CreateTrialComponent": lambda context, params: experiments.create(engine, context, TRIAL_COMPONENT, EMPTY | params),
            "DescribeTrialComponent": self.describe,
            "ListTrialComponents": self.list,
            "UpdateTrialComponent": self.update,
            "DeleteTrialComponent": self.delete,
            "AssociateTrialComponent": self.associate,
            "DisassociateTrialComponent": self.disassociate,
            "BatchPutMetrics": self.put_metrics,
            "BatchGetMetrics": self.get_metrics,
        }

    def describe(self, context: Context, params: dict) -> dict:
        document = self._engine.get(context, TRIAL_COMPONENT, params["TrialComponentName"].rpartition("/")[2])
        return document | self.series.of(document)

    def list(self, context: Context, params: dict) -> dict:
        given = [name for name in ("ExperimentName", "TrialName", "SourceArn") if name in params]
        if len(given) > 1:
            raise invalid(f"Trial components can be filtered by only one of {', '.join(given)}.")
        found = self._engine.documents(context, TRIAL_COMPONENT)
        if "SourceArn" in params:
            source = params["SourceArn"].lower()
            found = [each for each in found if each.get("Source", {}).get("SourceArn", "").lower() == source]
        elif given:
            trials = self._trials(context, params)
            found = [each for each in found if trials & set(each.get("_trials", []))]
        return listed(TRIAL_COMPONENT, found, params)

    def update(self, context: Context, params: dict) -> dict:
        def changes(document: Document) -> dict:
            changed = {name: value for name, value in params.items() if not name.endswith("ToRemove")}
            for name in MAPS:
                kept = document.get(name, {}) | params.get(name, {})
                changed[name] = {key: value for key, value in kept.items() if key not in params.get(f"{name}ToRemove", ())}
            return changed

        return experiments.update(self._engine, context, TRIAL_COMPONENT, params, changes)

    def delete(self, context: Context, params: dict) -> dict:
        document = self._engine.get(context, TRIAL_COMPONENT, params["TrialComponentName"])
        refuse_while_held(f"Trial Component {document['TrialComponentName']}", "trials", document.get("_trials", []))
        self._engine.delete(context, TRIAL_COMPONENT, document["TrialComponentName"])
        lineage.unlink(self._engine, context, document["TrialComponentArn"])
        return arn_of(TRIAL_COMPONENT, document)

    def associate(self, context: Context, params: dict) -> dict:
        trial = self._engine.get(context, TRIAL, params["TrialName"])
        document = add_to_trial(self._engine, context, params["TrialComponentName"], trial)
        return arn_of(TRIAL, trial) | arn_of(TRIAL_COMPONENT, document)

    def disassociate(self, context: Context, params: dict) -> dict:
        trial = self._engine.get(context, TRIAL, params["TrialName"])

        def changes(document: Document) -> dict:
            return {"_trials": [name for name in document.get("_trials", []) if name != trial["TrialName"]]}

        document = self._engine.update(context, TRIAL_COMPONENT, params["TrialComponentName"], changes)
        return arn_of(TRIAL, trial) | arn_of(TRIAL_COMPONENT, document)

    def put_metrics(self, context: Context, params: dict) -> dict:
        """Store the valid points; the answer lists the others by index."""
        try:
            document = self._engine.get(context, TRIAL_COMPONENT, params["TrialComponentName"])
        except AwsError as error:  # the metrics service's model has no ResourceNotFound
            raise invalid(error.message) from error
        now = self._clock.now()
        wrong = [
            number
            for number, point in enumerate(params["MetricData"])
            if not (math.isfinite(point["Value"]) and OLDEST <= point["Timestamp"] - now <= NEWEST)
        ]
        valid = [point for number, point in enumerate(params["MetricData"]) if number not in wrong]
        self.series.put(document["TrialComponentArn"], valid)
        return {"Errors": [{"Code": "VALIDATION_ERROR", "MetricIndex": number} for number in wrong]} if wrong else {}

    def get_metrics(self, context: Context, params: dict) -> dict:
        return {"MetricQueryResults": [self._query(context, query) for query in params["MetricQueries"]]}

    def shutdown(self) -> None:
        self.series.close()

    def _trials(self, context: Context, params: dict) -> set[str]:
        """The names of the trials to which a list of trial components is restricted."""
        if "TrialName" in params:
            return {self._engine.get(context, TRIAL, params["TrialName"])["TrialName"]}
        name = self._engine.get(context, EXPERIMENT, params["ExperimentName"])["ExperimentName"]
        return {trial["TrialName"] for trial in self._engine.documents(context, TRIAL) if trial["ExperimentName"] == name}

    def _query(self, context: Context, query: dict) -> dict:
        """A statistic of a logged metric, by step or by period of time."""
        by_step = query["Period"] == "IterationNumber"
        wrong = ""
        if by_step != (query["XAxisType"] == "IterationNumber"):
            wrong = f"Period {query['Period']} does not go with XAxisType {query['XAxisType']}."
        elif f":{TRIAL_COMPONENT.arn}/" not in query["ResourceArn"] or not self._engine.exists(query["ResourceArn"]):
            wrong = f"{query['ResourceArn']} is no trial component; the local AWS keeps no series of anything else."
        if wrong:
            return {"Status": "ValidationError", "Message": wrong, "XAxisValues": [], "MetricValues": []}
        groups: dict[int, list[float]] = {}
        for timestamp, step, value in self.series.points(query["ResourceArn"], query["MetricName"]):
            place = step if by_step else int(timestamp // PERIODS[query["Period"]] * PERIODS[query["Period"]])
            if place is not None and query.get("Start", place) <= place <= query.get("End", place):
                groups.setdefault(place, []).append(value)
        places = sorted(groups)
        values = [float(statistic_of(query["MetricStat"], groups[place])) for place in places]
        return {"Status": "Complete", "XAxisValues": places, "MetricValues": values}


def add_to_trial(engine: ResourceEngine, context: Context, name: str, trial: Document) -> Document:
    """Add a trial component to a trial. It may belong to several trials."""
    return engine.update(
        context,
        TRIAL_COMPONENT,
        name,
        lambda document: {"_trials": list(dict.fromkeys([*document.get("_trials", []), trial["TrialName"]]))},
    )
