"""``smdebug.pytorch``, usually imported as ``smd``: the names of ``smdebug``."""

from . import *  # noqa: F403
