"""Has pip choose packages for the Python of AWS's image, in the Python of a job, which may be newer.

A pure package must support the image's Python, as on AWS: in an image with Python 3.8 an upgrade of ``sagemaker`` gives version 2. A
compiled package must support the Python that runs. pip does not see what AWS's image cannot have: this course, and its SDK, version 3,
where the image's Python is too old for it.

pip has no documented way to do this, so its own functions are replaced. A job may install another pip. Where that has no such function, pip
works as always and says so.

An overlay gets a copy of this file, and each of its Python processes imports it. So it imports nothing until pip is imported.
"""

from __future__ import annotations

import sys

PURE = "-none-any.whl"  # the end of a pure wheel's name
COURSE = "from-data-to-deployment"
NOTE = (
    "[local AWS] pip chooses pure packages for Python {theirs}, which AWS's image has, and compiled ones for Python {ours}, which runs "
    "here."
)

UNKNOWN = "[local AWS] This pip is not known here: it chooses all packages for Python {ours}, which runs here."


def install(theirs: tuple[int, int], course: list[str]) -> None:
    """Change pip when this process imports it.

    Parameters
    ----------
    theirs : (int, int)
        The image's Python, e.g. ``(3, 8)``.
    course : list of str
        The folders of the course's packages.
    """
    sys.meta_path.insert(0, _Choice(theirs, course))


class _Choice:
    """Finds modules as Python does, and changes those of pip."""

    def __init__(self, theirs: tuple[int, int], course: list[str]) -> None:
        self._theirs = theirs
        self._course = course
        self._unseen = {COURSE}  # installed packages that pip shall not mention
        self._known = theirs < sys.version_info[:2]  # whether to choose for the image: this pip has all functions that are replaced
        self._changes = {"pip._internal.operations.check": self._never_mention}
        if self._known:
            self._changes["pip._internal.index.package_finder"] = self._check_links
            self._changes["pip._internal.resolution.resolvelib.candidates"] = self._check_packages
            self._changes["pip._internal.resolution.resolvelib.factory"] = self._resolve

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        change = self._changes.get(name)
        if change is None:
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_change(module: object) -> None:
                execute(module)
                try:
                    change(module)
                except AttributeError:
                    self._known = False
                    print(UNKNOWN.format(ours=_text(sys.version_info)), file=sys.stderr, flush=True)

            spec.loader.exec_module = execute_and_change
        return spec

    def _check_links(self, finder: object) -> None:
        """Check the Python that an index says a file requires."""
        check = finder._check_link_requires_python

        def check_for_image(link: object, version_info: tuple, *options: object, **named: object) -> bool:
            python = (*self._theirs, 0) if self._known and not _compiled(link) else version_info
            return check(link, python, *options, **named)

        finder._check_link_requires_python = check_for_image

    def _check_packages(self, candidates: object) -> None:
        """Leave out the Python among the requirements of a compiled package: its file is for the Python that runs."""
        package = candidates._InstallRequirementBackedCandidate
        requirements = package.iter_dependencies

        def requirements_here(candidate: object, with_requires: bool) -> object:
            found = iter(requirements(candidate, with_requires))
            python = next(found)
            yield None if self._known and _compiled(candidate._link) else python
            yield from found

        package.iter_dependencies = requirements_here

    def _resolve(self, factory: object) -> None:
        """Resolve for the image's Python, without the installed packages that it cannot have."""
        init = factory.Factory.__init__

        def init_for_image(resolution: object, *arguments: object, **named: object) -> None:
            if not self._known:
                return init(resolution, *arguments, **named)
            init(resolution, *arguments, **{**named, "py_version_info": named.get("py_version_info") or self._theirs})
            print(NOTE.format(theirs=_text(self._theirs), ours=_text(sys.version_info)), file=sys.stderr, flush=True)
            for name, found in list(getattr(resolution, "_installed_dists", {}).items()):
                if (
                    name.startswith("sagemaker")
                    and found.location in self._course
                    and not found.requires_python.contains(_text(self._theirs))
                ):
                    del resolution._installed_dists[name]
                    self._unseen.add(name)

        factory.Factory.__init__ = init_for_image

    def _never_mention(self, check: object) -> None:
        """Say nothing of conflicts that packages would have which pip does not see."""
        affected = check._create_whitelist

        def affected_and_seen(installed: set[str], packages: object) -> set[str]:
            return affected(installed, packages) - (self._unseen - installed)

        check._create_whitelist = affected_and_seen


def _compiled(link: object) -> bool:
    """Whether a file is a compiled wheel. Sources may be of a pure package, and are taken as such."""
    return link.filename.endswith(".whl") and not link.filename.endswith(PURE)


def _text(version: tuple) -> str:
    return f"{version[0]}.{version[1]}"
