"""``smdebug.xgboost``: its hook goes into ``callbacks`` of `xgboost.train`."""

from xgboost.callback import TrainingCallback

import smdebug
from smdebug import Collection, CollectionKeys, SaveConfig, SaveConfigMode, create_trial, del_hook, get_hook, modes, set_hook

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


class Hook(smdebug.Hook, TrainingCallback):
    """A callback that does nothing."""
