"""Runs the instructions of a Dockerfile. The result is a folder of files, packages, and the image's configuration."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from course.localaws.docker_build import bases, lexer
from course.localaws.docker_build.copy_instruction import Copier
from course.localaws.docker_build.dockerfile import DockerfileError, Instruction
from course.localaws.docker_build.dockerignore import DockerIgnore
from course.localaws.docker_build.run_instruction import RunExecutor
from course.localaws.docker_build.tree import ImageFiles

SHELL = ("/bin/sh", "-c")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # Go's names
PORT = re.compile(r"\d+(-\d+)?(/(tcp|udp))?")
# ARG variables that need no declaration, from the Dockerfile reference.
PREDEFINED = {name for plain in ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy") for name in (plain, plain.upper())}


class ImageBuilder:
    """The build of one image.

    Parameters
    ----------
    context : Path
        The build context, from which COPY copies.
    ignored : DockerIgnore
    tree : ImageFiles
        The image's files: an empty folder at first.
    runner : RunExecutor
    arguments : mapping
        Values of ARG (``--build-arg``).
    escape : str
    warn : callable
        Called with each warning for the user, a sentence.

    Attributes
    ----------
    config : dict
        The image's ``config`` as in an OCI image: ``Env``, ``Entrypoint``, ``Cmd``, ``WorkingDir``, ``Labels``, …
    base : BaseImage or None
        The base of its FROM.
    """

    def __init__(
        self,
        context: Path,
        ignored: DockerIgnore,
        tree: ImageFiles,
        runner: RunExecutor,
        arguments: Mapping[str, str],
        escape: str,
        warn: Callable[[str], None],
    ) -> None:
        self._context, self._tree, self._run_command = context.resolve(), tree, runner
        self._given, self._escape, self._warn = dict(arguments), escape, warn
        self._copy = Copier(context, ignored, tree, warn)
        self._steps: dict[str, Callable[[Instruction], None]] = {
            "ADD": self._bring,
            "ARG": self._arg,
            "CMD": self._cmd,
            "COPY": self._bring,
            "ENTRYPOINT": self._entrypoint,
            "ENV": self._env,
            "EXPOSE": self._expose,
            "FROM": self._from,
            "HEALTHCHECK": self._healthcheck,
            "LABEL": self._label,
            "MAINTAINER": self._maintainer,
            "ONBUILD": self._onbuild,
            "RUN": self._run,
            "SHELL": self._set_shell,
            "STOPSIGNAL": self._stopsignal,
            "USER": self._user,
            "VOLUME": self._volume,
            "WORKDIR": self._workdir,
        }
        self._global: dict[str, str] = {}
        self._arguments: dict[str, str] = {}
        self._environment: dict[str, str] = {}
        self._shell: tuple[str, ...] = SHELL
        self._has_command = False
        self.base: bases.BaseImage | None = None
        self.config: dict = {}

    def __call__(self, instruction: Instruction) -> None:
        """Run the next instruction. Raises DockerfileError."""
        if self.base is None and instruction.name not in ("ARG", "FROM"):
            raise instruction.error("a Dockerfile begins with FROM; only ARG may come before it.")
        try:
            self._steps[instruction.name](instruction)
        except DockerfileError as error:
            raise error if str(error).startswith("line ") else instruction.error(str(error)) from None
        except OSError as error:
            named = (error.filename or "").replace(str(self._tree.root), "").replace(f"{self._context}{os.sep}", "")
            raise instruction.error(f"{error.strerror or error}: {named}.") from None

    def document(self, history: list[str]) -> dict:
        """The image's configuration document, without its layers. Raises DockerfileError if there was no FROM."""
        if self.base is None:
            raise DockerfileError("there is no FROM; an image is built from something.")
        if unused := sorted(set(self._given) - self._declared):
            self._warn(f"--build-arg {', '.join(unused)}: no ARG of the Dockerfile has this name.")
        environment = [f"{name}={value}" for name, value in self._environment.items()]
        return {
            "architecture": ARCHITECTURES.get(platform.machine().lower(), platform.machine()),
            "os": "linux",
            "config": self.config | {"Env": environment},
            "history": [{"created_by": step} for step in history],
            "from": self.base.aws,
        }

    # ---- variables ----------------------------------------------------------------------------------------------------------

    @property
    def _declared(self) -> set[str]:
        return {*self._global, *self._arguments, *PREDEFINED}

    def _variables(self) -> dict[str, str]:
        """The variables that an instruction may use. ENV takes precedence over ARG."""
        given = {name: value for name, value in self._given.items() if name in PREDEFINED}
        return given | self._arguments | self._environment

    def _expand(self, text: str) -> str:
        return lexer.expand(text, self._variables(), self._escape)

    def _pairs(self, instruction: Instruction) -> list[tuple[str, str]]:
        """The pairs of ``NAME=value …``, or of the old form ``NAME value``."""
        first = instruction.text.split(maxsplit=1)
        if "=" not in first[0]:
            if len(first) < 2:
                raise instruction.error(f"{first[0]} has no value; write {first[0]}=value.")
            return [(first[0], self._expand(first[1]))]
        pairs = [word.partition("=") for word in lexer.words(instruction.text, self._variables(), self._escape)]
        if wrong := [name for name, equals, _ in pairs if not equals or not name]:
            raise instruction.error(f"{wrong[0] or '='} is not of the form NAME=value; put a value with blanks into quotes.")
        return [(name, value) for name, _, value in pairs]

    def _arg(self, instruction: Instruction) -> None:
        before = self.base is None
        for word in lexer.words(instruction.text, self._global if before else self._variables(), self._escape):
            name, equals, default = word.partition("=")
            if before:
                self._global[name] = self._given.get(name, default)
            elif name in self._given or equals:
                self._arguments[name] = self._given.get(name, default)
            elif name in self._global:
                self._arguments[name] = self._global[name]
            else:
                self._global.setdefault(name, "")  # declared, without a value

    def _env(self, instruction: Instruction) -> None:
        self._environment.update(self._pairs(instruction))

    def _label(self, instruction: Instruction) -> None:
        self.config.setdefault("Labels", {}).update(self._pairs(instruction))

    def _maintainer(self, instruction: Instruction) -> None:
        self.config.setdefault("Labels", {})["maintainer"] = instruction.text

    # ---- base image and configuration ---------------------------------------------------------------------------

    def _from(self, instruction: Instruction) -> None:
        if self.base is not None:
            raise instruction.error(
                "a second FROM: builds of several stages are not supported here. Build the parts one by one, and COPY what they made."
            )
        name, *rest = lexer.words(instruction.text, self._global, self._escape)
        if rest and (len(rest) != 2 or rest[0].upper() != "AS"):
            raise instruction.error(f"{instruction.text} is neither FROM image nor FROM image AS name.")
        self.base = bases.find(instruction, name)
        if self.base.note:
            self._warn(f"line {instruction.line}: {self.base.note}")
        self._environment = dict(self.base.environment)
        self.config = {"Cmd": list(self.base.command) or None, "Entrypoint": None, "WorkingDir": "", "User": ""}

    def _command_of(self, instruction: Instruction) -> list[str]:
        """The exec form, or the shell form with the shell that runs it."""
        return list(instruction.words) if instruction.words is not None else [*self._shell, instruction.text]

    def _entrypoint(self, instruction: Instruction) -> None:
        self.config["Entrypoint"] = self._command_of(instruction) or None
        if not self._has_command:
            self.config["Cmd"] = None  # the base's CMD belongs to the base's entry point

    def _cmd(self, instruction: Instruction) -> None:
        self.config["Cmd"], self._has_command = self._command_of(instruction) or None, True

    def _set_shell(self, instruction: Instruction) -> None:
        if not instruction.words:
            raise instruction.error('it takes a JSON array, such as SHELL ["/bin/bash", "-c"].')
        self._shell = instruction.words

    def _workdir(self, instruction: Instruction) -> None:
        place = PurePosixPath("/", self.config["WorkingDir"], self._expand(instruction.text))
        self.config["WorkingDir"] = os.path.normpath(place)
        self._tree.make(self.config["WorkingDir"])

    def _user(self, instruction: Instruction) -> None:
        self.config["User"] = self._expand(instruction.text)
        self._warn(f"line {instruction.line}: USER is noted, but a box runs as the user of the local AWS.")

    def _expose(self, instruction: Instruction) -> None:
        for port in lexer.words(instruction.text, self._variables(), self._escape):
            if not PORT.fullmatch(port):
                raise instruction.error(f"{port} is no port; write 8080 or 8080/tcp.")
            self.config.setdefault("ExposedPorts", {})[port if "/" in port else f"{port}/tcp"] = {}

    def _volume(self, instruction: Instruction) -> None:
        for place in instruction.words or lexer.words(instruction.text, self._variables(), self._escape):
            self.config.setdefault("Volumes", {})[place] = {}

    def _stopsignal(self, instruction: Instruction) -> None:
        self.config["StopSignal"] = self._expand(instruction.text)

    def _healthcheck(self, instruction: Instruction) -> None:
        """Store the health check. It has no effect: SageMaker uses /ping."""
        kind, _, command = instruction.text.partition(" ")
        if kind.upper() not in ("NONE", "CMD") or kind.upper() == "CMD" and not command:
            raise instruction.error("it is either HEALTHCHECK NONE or HEALTHCHECK CMD command.")
        self.config["Healthcheck"] = {"Test": ["NONE"] if kind.upper() == "NONE" else ["CMD-SHELL", command]}

    def _onbuild(self, instruction: Instruction) -> None:
        raise instruction.error("triggers for images built on this one are not supported here.")

    def _run(self, instruction: Instruction) -> None:
        if "mount" in instruction.flags:
            self._warn(f"line {instruction.line}: RUN --mount is passed over.")
        self._run_command(instruction, self._variables(), self.config["WorkingDir"] or "/")

    def _bring(self, instruction: Instruction) -> None:
        if instruction.words is None:
            listed = lexer.words(instruction.text, self._variables(), self._escape)
        else:
            listed = [self._expand(word) for word in instruction.words]
        self._copy(instruction, listed, self.config["WorkingDir"])
