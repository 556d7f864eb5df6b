"""What the configuration recorder records, which moto keeps. Rules that are triggered by changes see only that."""

from __future__ import annotations

from dataclasses import dataclass

from course.localaws.platform import Platform

GLOBAL = ("AWS::IAM::",)  # types that are recorded only if the recorder includes global resources


@dataclass(frozen=True, slots=True)
class Recorder:
    """A region's configuration recorder.

    Attributes
    ----------
    recording : bool
    types : frozenset of str or None
        The recorded types; ``None`` for all.
    excluded : frozenset of str
    with_global : bool
        Whether all types include those of global resources.
    """

    recording: bool
    types: frozenset[str] | None
    excluded: frozenset[str]
    with_global: bool

    def records(self, kind: str) -> bool:
        """Whether it records resources of a type now."""
        if not self.recording or kind in self.excluded:
            return False
        if self.types is not None:
            return kind in self.types
        return self.with_global or not kind.startswith(GLOBAL)


def recorder(platform: Platform, region: str) -> Recorder | None:
    """The recorder of a region, or ``None``. Waits for moto's thread."""
    return platform.moto.run(lambda: _found(platform.account, region))


def _found(account: str, region: str) -> Recorder | None:
    from moto.config.models import config_backends

    found = next(iter(config_backends[account][region].recorders.values()), None)
    if found is None:
        return None
    group = found.recording_group
    excluded = frozenset(group.exclusion_by_resource_types["resourceTypes"])
    types = None if group.all_supported or excluded else frozenset(group.resource_types)
    return Recorder(bool(found.status.recording), types, excluded, bool(group.include_global_resource_types) or bool(excluded))
