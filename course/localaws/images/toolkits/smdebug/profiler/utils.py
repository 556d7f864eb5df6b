"""``smdebug.profiler.utils``."""


def str2bool(text: str | bool) -> bool:
    """Whether a text of the command line says yes."""
    return text if isinstance(text, bool) else text.lower() in ("yes", "true", "t", "y", "1")
