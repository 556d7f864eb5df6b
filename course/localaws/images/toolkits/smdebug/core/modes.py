"""``smdebug.core.modes``."""

from .. import modes as ModeKeys

__all__ = ["ModeKeys"]
