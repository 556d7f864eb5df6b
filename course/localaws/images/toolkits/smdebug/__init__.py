"""The part of `smdebug`, Debugger's library, that training scripts in AWS's XGBoost, PyTorch and TensorFlow images call.

Its hooks save nothing, and say so once a process: AWS closed Debugger to new accounts on 30 July 2026. PyPI has smdebug 1.0.12, which needs
versions of NumPy and protobuf that the images here have not. Names and arguments are those of that release.
"""

from __future__ import annotations

import enum
import sys
from typing import Any

__all__ = [
    "Collection",
    "CollectionKeys",
    "Hook",
    "ReductionConfig",
    "SaveConfig",
    "SaveConfigMode",
    "create_trial",
    "del_hook",
    "get_hook",
    "modes",
    "set_hook",
]
NOTE = "[local AWS] smdebug's hooks save no tensors here: AWS closed SageMaker Debugger to new accounts on 30 July 2026."


class modes(enum.Enum):
    """The modes of a hook: training, evaluation, prediction, and any."""

    TRAIN, EVAL, PREDICT, GLOBAL = 1, 2, 3, 4


class Settings:
    """An object that keeps what it was made with: configurations and collections of a hook."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.arguments, self.settings = arguments, settings

    def include(self, *_: Any) -> None:
        """Add names of tensors to a collection."""

    add = add_module_tensors = add_block_tensors = add_keras_layer = include


SaveConfig = SaveConfigMode = ReductionConfig = Collection = Settings


class CollectionKeys:
    """Names of collections."""

    ALL, DEFAULT, WEIGHTS, BIASES, GRADIENTS, LOSSES, METRICS = "all", "default", "weights", "biases", "gradients", "losses", "metrics"
    INPUTS, OUTPUTS, LAYERS, SM_METRICS, OPTIMIZER_VARIABLES = "inputs", "outputs", "layers", "sm_metrics", "optimizer_variables"
    SEARCHABLE_SCALARS, HYPERPARAMETERS, PREDICTIONS, LABELS = "searchable_scalars", "hyperparameters", "predictions", "labels"
    FEATURE_IMPORTANCE, AVERAGE_SHAP, FULL_SHAP, TREES = "feature_importance", "average_shap", "full_shap", "trees"


class Hook:
    """A hook that saves nothing. It takes the arguments of smdebug's hooks. A framework's module has a subclass."""

    last: Hook | None = None
    said = False
    kind: type[Hook]  # of the framework whose module was imported

    def __init_subclass__(cls) -> None:
        Hook.kind = cls

    def __init__(self, *_: Any, **settings: Any) -> None:
        super().__init__()
        self.out_dir, self.mode = settings.get("out_dir"), modes.GLOBAL
        Hook.last = self
        if not Hook.said:
            Hook.said = True
            print(NOTE, file=sys.stderr, flush=True)

    @classmethod
    def create_from_json_file(cls, json_file_path: str | None = None) -> Hook:
        """The hook that a job's configuration describes."""
        return cls()

    hook_from_config = create_from_json_file

    def set_mode(self, mode: modes) -> None:
        self.mode = mode

    def get_collection(self, name: str, create: bool = True) -> Collection:
        return Collection(name)

    def get_collections(self) -> dict[str, Collection]:
        return {}

    def wrap_optimizer(self, optimizer: Any) -> Any:
        return optimizer

    def wrap_tape(self, tape: Any) -> Any:
        return tape

    def _nothing(self, *_: Any, **__: Any) -> None:
        """Save nothing."""

    register_module = register_hook = register_loss = register_model = _nothing
    save_tensor = save_scalar = record_tensor_value = save_smdebug_logs = record_trace_events = _nothing
    add_collection = export_collections = close = _nothing


Hook.kind = Hook


def get_hook(*arguments: Any, create_if_not_exists: bool = False, **settings: Any) -> Hook | None:
    """The last hook of this process."""
    return Hook.kind() if Hook.last is None and create_if_not_exists else Hook.last


def set_hook(hook: Hook) -> None:
    Hook.last = hook


def del_hook() -> None:
    Hook.last = None


def create_trial(path: str, *_: Any, **__: Any) -> None:
    """Raises NotImplementedError: there are no saved tensors to read."""
    raise NotImplementedError(f"There is nothing to read in {path}. {NOTE}")
