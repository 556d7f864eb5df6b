"""``smdebug.xgboost``: the names of ``smdebug``, and a hook for ``callbacks`` of `xgboost.train`."""

from xgboost.callback import TrainingCallback

from . import *  # noqa: F403
from . import Hook as Base


class Hook(Base, TrainingCallback):
    """A callback that does nothing."""
