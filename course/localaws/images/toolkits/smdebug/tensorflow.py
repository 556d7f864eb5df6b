"""``smdebug.tensorflow``: the names of ``smdebug``, and a hook for ``callbacks`` of Keras."""

from tensorflow.keras.callbacks import Callback

from . import *  # noqa: F403
from . import Hook as Base


class KerasHook(Base, Callback):
    """A callback that does nothing."""


SessionHook = EstimatorHook = Base
