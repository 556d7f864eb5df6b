"""``smdebug.pytorch``, usually imported as ``smd``."""

from . import (
    Collection,
    CollectionKeys,
    Hook,
    ReductionConfig,
    SaveConfig,
    SaveConfigMode,
    create_trial,
    del_hook,
    get_hook,
    modes,
    set_hook,
)

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
