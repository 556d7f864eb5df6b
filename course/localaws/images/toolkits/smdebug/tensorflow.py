"""``smdebug.tensorflow``: its hooks go into ``callbacks`` of Keras, or wrap an optimizer or a tape."""

from tensorflow.keras.callbacks import Callback

from . import (
    Collection,
    CollectionKeys,
    ReductionConfig,
    SaveConfig,
    SaveConfigMode,
    create_trial,
    del_hook,
    get_hook,
    modes,
    set_hook,
)
from . import Hook as Base

__all__ = [
    "Collection",
    "CollectionKeys",
    "EstimatorHook",
    "KerasHook",
    "ReductionConfig",
    "SaveConfig",
    "SaveConfigMode",
    "SessionHook",
    "create_trial",
    "del_hook",
    "get_hook",
    "modes",
    "set_hook",
]


class KerasHook(Base, Callback):
    """A callback that does nothing."""


SessionHook = EstimatorHook = Base
