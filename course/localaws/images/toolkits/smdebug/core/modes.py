"""``smdebug.core.modes``."""

from smdebug import modes as ModeKeys

__all__ = ["ModeKeys"]
