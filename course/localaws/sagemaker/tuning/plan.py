"""The plans of a tuning job: each training job definition of its request, with its objective and its search space."""

from __future__ import annotations

from dataclasses import dataclass

from course.localaws.core.errors import invalid
from course.localaws.sagemaker.training.operations import described_data
from course.localaws.sagemaker.tuning.ranges import space_of
from course.localaws.sagemaker.tuning.strategies.bayesian import BayesianSearch
from course.localaws.sagemaker.tuning.strategies.process import SearchProcess
from course.localaws.sagemaker.tuning.strategies.sampling import GridSearch, RandomSearch, SearchStrategy
from course.localaws.sagemaker.tuning.strategies.space import Space, Values
from course.localaws.sagemaker.tuning.strategies.stopping import Hyperband, MedianRule, NoStopping, Stopping

# The hyperparameter that tells an algorithm the optimised metric. Source: "Define Hyperparameter Ranges" in the developer guide.
OBJECTIVE = "_tuning_objective_metric"
# A metric that AWS adds to the definition's metrics, with the expression of the optimised one. Both are in a public answer of
# DescribeHyperParameterTuningJob of March 2020 (a linear-learner job), used as the event of a test, seen 2026-11-25.
ADDED_METRIC, MOST_METRICS = "ObjectiveMetric", 40
# Members that training jobs copy from their definition.
TAKEN = (
    "RoleArn",
    "InputDataConfig",
    "VpcConfig",
    "OutputDataConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "RetryStrategy",
    "Environment",
)
# Static hyperparameters from which AWS takes MaxResource, by the API reference of HyperbandStrategyConfig, read 2026-11-25.
EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
MOST_EPOCHS = 20_000


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """One training job definition.

    Attributes
    ----------
    definition : dict
        From the request.
    objective : dict
        ``Type`` and ``MetricName``.
    space : Space
    """

    definition: dict
    objective: dict
    space: Space

    @property
    def name(self) -> str:
        """Its ``DefinitionName``; ``""`` if it is the only definition and has none."""
        return self.definition.get("DefinitionName", "")

    @property
    def static(self) -> dict[str, str]:
        """The static hyperparameters of the request, without the one that SageMaker adds to the description."""
        given = self.definition.get("StaticHyperParameters", {})
        return {name: value for name, value in given.items() if name != OBJECTIVE}

    @property
    def metric(self) -> str:
        return self.objective["MetricName"]

    def loss(self, value: float) -> float:
        """The loss of an objective value: lower is better."""
        return -value if self.objective["Type"] == "Maximize" else value

    def value(self, loss: float) -> float:
        return self.loss(loss)

    def request(self, name: str, values: Values) -> dict:
        """The CreateTrainingJob request for a combination.

        Each job has its own prefix for checkpoints, because concurrent jobs must not share them.
        """
        definition = self.definition
        request = {member: definition[member] for member in TAKEN if member in definition}
        request |= {
            "TrainingJobName": name,
            "AlgorithmSpecification": self._specification(),
            "ResourceConfig": resources(definition),
            "HyperParameters": {**self.static, **values, OBJECTIVE: self.metric},
        }
        if checkpoint := definition.get("CheckpointConfig"):
            request["CheckpointConfig"] = checkpoint | {"S3Uri": f"{checkpoint['S3Uri'].rstrip('/')}/{name}"}
        return request

    def described(self, metrics: list[dict]) -> dict:
        """The definition as Describe shows it.

        Parameters
        ----------
        metrics : list of dict
            The metric definitions of its training jobs, including those of a built-in algorithm.
        """
        specification = self.definition["AlgorithmSpecification"] | {"MetricDefinitions": metrics}
        added = {"StaticHyperParameters": {**self.static, OBJECTIVE: self.metric}, "AlgorithmSpecification": specification}
        # SDK v2 sends HyperParameterTuningResourceConfig, and reads ResourceConfig when it attaches to a tuning job.
        if "InstanceType" in self.definition.get("HyperParameterTuningResourceConfig", {}):
            added["ResourceConfig"] = resources(self.definition)
        return self.definition | described_data(self.definition) | added

    def _specification(self) -> dict:
        specification = self.definition["AlgorithmSpecification"]
        given = specification.get("MetricDefinitions", [])
        regexes = {definition["Name"]: definition["Regex"] for definition in given}
        if self.metric not in regexes or ADDED_METRIC in regexes or len(given) == MOST_METRICS:
            return specification
        return specification | {"MetricDefinitions": [*given, {"Name": ADDED_METRIC, "Regex": regexes[self.metric]}]}


def plans_of(document: dict) -> list[TuningPlan]:
    """The plans of a tuning job.

    Parameters
    ----------
    document : dict
        The request, or the answer of Describe, which has the same members.

    Raises
    ------
    AwsError
        ``ValidationException``; ``ResourceLimitExceeded``.
    """
    config, definitions = document["HyperParameterTuningJobConfig"], document.get("TrainingJobDefinitions")
    if ("TrainingJobDefinition" in document) == (definitions is not None):
        raise invalid("Specify either TrainingJobDefinition or TrainingJobDefinitions.")
    if definitions is None:
        definition = document["TrainingJobDefinition"]
        objective = config.get("HyperParameterTuningJobObjective") or definition.get("TuningObjective")
        return [_plan(definition, objective, config.get("ParameterRanges") or definition.get("HyperParameterRanges", {}))]
    if "ParameterRanges" in config or "HyperParameterTuningJobObjective" in config:
        raise invalid(
            "With TrainingJobDefinitions each definition has its own TuningObjective and HyperParameterRanges; "
            "HyperParameterTuningJobConfig must have neither ParameterRanges nor HyperParameterTuningJobObjective."
        )
    names = [definition.get("DefinitionName", "") for definition in definitions]
    if "" in names or len(names) != len(set(names)):
        raise invalid("Each of the TrainingJobDefinitions needs a DefinitionName that no other one has.")
    plans = [_plan(each, each.get("TuningObjective"), each.get("HyperParameterRanges", {})) for each in definitions]
    if len({plan.objective["Type"] for plan in plans}) > 1:
        raise invalid("The objectives of all TrainingJobDefinitions must have the same Type, or no training job could be the best one.")
    return plans


def resources(definition: dict) -> dict:
    """The ``ResourceConfig`` of a definition's training jobs.

    Always the first of several ``InstanceConfigs``. The only allocation strategy, ``Prioritized``, uses the next one when AWS has no
    capacity, and here there always is capacity.
    """
    given = definition.get("HyperParameterTuningResourceConfig")
    if (given is None) == ("ResourceConfig" not in definition):
        raise invalid("A training job definition needs either ResourceConfig or HyperParameterTuningResourceConfig.")
    if given is None:
        return definition["ResourceConfig"]
    configs = given.get("InstanceConfigs")
    if bool(configs) == ("InstanceType" in given):
        raise invalid("HyperParameterTuningResourceConfig needs either InstanceConfigs or InstanceType, InstanceCount and VolumeSizeInGB.")
    shared = {member: given[member] for member in ("VolumeKmsKeyId",) if member in given}
    chosen = configs[0] if configs else given
    return shared | {member: chosen[member] for member in ("InstanceType", "InstanceCount", "VolumeSizeInGB") if member in chosen}


def search_of(strategy: str, space: Space, seed: int) -> SearchStrategy:
    """The search of a strategy. Hyperband searches at random and adds the rule of `stopping_of`."""
    if strategy == "Bayesian":
        return SearchProcess(BayesianSearch(space, seed))
    return GridSearch(space) if strategy == "Grid" else RandomSearch(space, seed)


def stopping_of(config: dict, plan: TuningPlan) -> Stopping:
    """The rule that stops a plan's training jobs early.

    Raises
    ------
    AwsError
        ``ValidationException`` if it contradicts the strategy.
    """
    early_stopping = config.get("TrainingJobEarlyStoppingType", "Off")
    given = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig")
    if config["Strategy"] != "Hyperband":
        if given is not None:
            raise invalid("HyperbandStrategyConfig is only supported with the Hyperband strategy.")
        return MedianRule() if early_stopping == "Auto" else NoStopping()
    if early_stopping != "Off":
        raise invalid("TrainingJobEarlyStoppingType must be Off with the Hyperband strategy, which stops training jobs by itself.")
    given = given or {}
    least, most = given.get("MinResource", 1), given.get("MaxResource") or _epochs(plan.static)
    if not least <= most <= MOST_EPOCHS:
        raise invalid(f"MinResource must not be above MaxResource, nor MaxResource above {MOST_EPOCHS}; they are {least} and {most}.")
    return Hyperband(least, most)


def _epochs(static: dict[str, str]) -> int:
    for name in EPOCHS:
        if name in static:
            try:
                return int(static[name].strip('"'))
            except ValueError:
                raise invalid(f"MaxResource cannot be inferred from the static hyperparameter {name}={static[name]}.") from None
    raise invalid(
        "The Hyperband strategy needs a MaxResource: give one in HyperbandStrategyConfig, or one of the static hyperparameters "
        f"{', '.join(EPOCHS)}."
    )


def _plan(definition: dict, objective: dict | None, ranges: dict) -> TuningPlan:
    if objective is None:
        raise invalid("A hyperparameter tuning job objective is required: the metric to optimise, and whether to maximise or minimise it.")
    return TuningPlan(definition, objective, space_of(ranges, definition.get("StaticHyperParameters", {})))
