"""Files with a layer (`visible.Bind`) where there are no namespaces: copied into the box's folder, and their paths replaced by those."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from course.sandbox.visible import BindMount


class Layers:
    """The copies of one box.

    Parameters
    ----------
    folder : Path
        The box's folder.
    shown : Path
        The same, under the name that its processes are given.
    binds : iterable of BindMount
        Those without a target or a layer are left alone.

    Attributes
    ----------
    places : dict
        By the path of each bind's target that at which the processes find the copy.
    """

    def __init__(self, folder: Path, shown: Path, binds: Iterable[BindMount]) -> None:
        self._folder = folder / "layers"
        self._binds = [bind for bind in binds if bind.target and bind.layer]
        self.places = {str(bind.target): str(shown / "layers" / bind.target.relative_to("/")) for bind in self._binds}

    def search_path(self, path: str) -> str:
        """``PATH`` with the copies of single files before the folders that they belong into."""
        holding = {str(Path(target).parent): str(Path(place).parent) for target, place in self.places.items()}
        found = [folder for part in path.split(os.pathsep) for folder in (holding.get(part), part) if folder is not None]
        return os.pathsep.join(found)

    def copy(self) -> Path | None:
        """Make new copies for a program that is to be started, for in a container, too, what another one wrote would be gone.

        Returns their folder; None where there is nothing to copy.
        """
        if not self._binds:
            return None
        shutil.rmtree(self._folder, ignore_errors=True)
        for bind in self._binds:
            place = self._folder / bind.target.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if bind.source.is_dir() and not bind.source.is_symlink():
                shutil.copytree(bind.source, place, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy2(bind.source, place, follow_symlinks=False)
        return self._folder
