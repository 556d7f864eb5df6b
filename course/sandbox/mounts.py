"""Binds: the files and folders of this machine that a box sees (`machine.binds`, and what the caller binds).

In namespace mode these are mounts (`supervisor/view.py`). In rewrite mode there are no mounts: a bind with a writable layer is copied.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course.sandbox.trees import LinkRule, copy_tree, remove


@dataclass(frozen=True, slots=True)
class BindMount:
    """A file or folder of this machine that a box sees at ``target``; at its own path when there is no target.

    It is read-only unless ``writable``. With a ``layer``, the box may write to it as in a container: the changes are kept in memory and
    vanish with the box. A ``hidden`` one is an empty folder in place of one that another bind would show.
    """

    source: Path
    target: Path | None = None
    writable: bool = False
    layer: bool = False
    hidden: bool = False

    def as_json(self) -> list:
        access = "hide" if self.hidden else "write" if self.writable else "layer" if self.layer else "read"
        return [str(self.source), str(self.target or self.source), access]


def order(binds: Iterable[BindMount]) -> list[BindMount]:
    """Sort binds so that outer folders come first, and drop those that another bind already shows, or that hide what none shows.

    A folder gets a layer when another bind adds a file to it.
    """
    kept: list[BindMount] = []
    for bind in sorted(binds, key=lambda each: (len((each.target or each.source).parts), each.hidden)):
        target = bind.target or bind.source
        parent = next((other for other in reversed(kept) if target.is_relative_to(other.target or other.source)), None)
        shown = parent and not parent.hidden and not bind.target and not parent.target and parent.writable == bind.writable
        is_link = bind.source.is_symlink()  # a box gets a copy of the link
        if (parent and not is_link) if bind.hidden else (is_link or not shown):
            kept.append(bind)
        if bind.target and parent and not (parent.target or parent.writable or parent.hidden or os.path.lexists(target)):
            kept[kept.index(parent)] = dataclasses.replace(parent, layer=True)
    return kept


class LayerCopies:
    """Copies of the binds with a target and a layer, for a box in rewrite mode.

    Parameters
    ----------
    folder : Path
        The box's folder.
    shown : Path
        The same folder by the name that the box's processes get.
    binds : iterable of BindMount
        Binds without a target or a layer are ignored.

    Attributes
    ----------
    paths : dict
        The path of each copy, as the processes find it, by the bind's target.
    """

    def __init__(self, folder: Path, shown: Path, binds: Iterable[BindMount]) -> None:
        self._folder = folder / "layers"
        self._binds = [bind for bind in binds if bind.target and bind.layer]
        self.paths = {str(bind.target): str(shown / "layers" / bind.target.relative_to("/")) for bind in self._binds}

    def search_path(self, path: str) -> str:
        """``PATH`` with the copies of single files before the folders that they belong to."""
        copies = {str(Path(target).parent): str(Path(copy).parent) for target, copy in self.paths.items()}
        found = [folder for part in path.split(os.pathsep) for folder in (copies.get(part), part) if folder is not None]
        return os.pathsep.join(found)

    def copy(self) -> Path | None:
        """Make fresh copies before a program starts: as in a container, what an earlier program wrote is gone.

        Returns their folder, or None when there is nothing to copy.
        """
        if not self._binds:
            return None
        remove(self._folder)
        for bind in self._binds:
            copy = self._folder / bind.target.relative_to("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            if bind.source.is_dir() and not bind.source.is_symlink():
                copy_tree(bind.source, copy, LinkRule.KEEP)
            else:
                shutil.copy2(bind.source, copy, follow_symlinks=False)
        return self._folder
