"""``smdebug.xgboost``: its hook goes into ``callbacks`` of `xgboost.train`."""

from xgboost.callback import TrainingCallback

from . import Collection, CollectionKeys, SaveConfig, SaveConfigMode, create_trial, del_hook, get_hook, modes, set_hook
from . import Hook as Base

__all__ = [
    "Collection",
    "CollectionKeys",
    "Hook",
    "SaveConfig",
    "SaveConfigMode",
    "create_trial",
    "del_hook",
    "get_hook",
    "modes",
    "set_hook",
]


class Hook(Base, TrainingCallback):
    """A callback that does nothing."""
