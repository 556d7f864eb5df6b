"""RUN: runs the commands that need no container and refuses the others. ``run_instruction.yaml`` lists the commands.

A RUN is a list of commands with ``&&`` or ``;`` between them. ``pip install`` installs into the image. The machine's own ``chmod``, ``cp``,
``mkdir``, ``mv``, ``rm`` and ``touch`` work on the image's own files. Common packages of a package manager are skipped with a warning.
Pipes, redirections, substitutions and all other programs are not supported.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from course.localaws.core.data_files import table
from course.localaws.docker_build import lexer
from course.localaws.docker_build.dockerfile import DockerfileError, Instruction
from course.localaws.docker_build.dockerignore import glob
from course.localaws.docker_build.tree import ImageFiles

RULES = Path(__file__).with_name("run_instruction.yaml")
PYTHON = re.compile(r"python(\d(\.\d+)?)?")
PIP = re.compile(r"pip(\d(\.\d+)?)?")
MODE = re.compile(r"-[rwxXst]+([,=+-][ugoarwxXst,=+-]*)?")  # a mode of chmod that begins with a dash
NAMES_A_FILE = ("-r", "--requirement", "-c", "--constraint", "-f", "--find-links")


class RunExecutor:
    """Runs the RUN instructions of one image.

    Parameters
    ----------
    tree : ImageFiles
    install : callable
        Runs pip: called with its arguments, the working directory and variables, returns the exit code.
    warn : callable
        Called with a sentence about each command without effect.
    """

    def __init__(self, tree: ImageFiles, install: Callable[[list[str], Path, Mapping[str, str]], int], warn: Callable[[str], None]) -> None:
        self._tree, self._install, self._warn = tree, install, warn
        self._rules = table(RULES)

    def __call__(self, instruction: Instruction, variables: Mapping[str, str], folder: str) -> None:
        """Run one RUN in a folder of the image. Raises DockerfileError."""
        here = PurePosixPath(folder)
        for command in commands(instruction, variables):
            if command[0] == "cd":
                here /= command[1] if len(command) > 1 else "/root"
            self._run(instruction, command, variables, here)

    def _run(self, instruction: Instruction, command: list[str], variables: Mapping[str, str], here: PurePosixPath) -> None:
        program, arguments = PurePosixPath(command[0]).name, command[1:]
        if PYTHON.fullmatch(program) and arguments[:1] == ["-m"]:
            program, arguments = arguments[1] if len(arguments) > 1 else "", arguments[2:]
        if PIP.fullmatch(program):
            self._pip(instruction, arguments, variables, here)
        elif program in self._rules["managers"]:
            self._packages(instruction, program, arguments)
        elif program in self._rules["tools"]:
            self._tool(instruction, program, arguments, here)
        elif program in self._rules["ignored"]:
            self._warn(f"line {instruction.line}: `{shlex.join(command)}` has no effect here: a box runs as the user of the local AWS.")
        elif program not in self._rules["silent"]:
            raise instruction.error(
                f"`{shlex.join(command)}` cannot be run, for there is no container to keep it from this machine. RUN may use pip "
                f"install, {', '.join(self._rules['tools'])}, and package managers for common packages. Do the rest before the build, and "
                "COPY what it made."
            )

    def _pip(self, instruction: Instruction, arguments: list[str], variables: Mapping[str, str], here: PurePosixPath) -> None:
        if arguments[:1] != ["install"]:
            raise instruction.error(f"of pip only `pip install` can be run, not `pip {' '.join(arguments)}`.")
        wanted = [argument for argument in arguments[1:] if not argument.startswith("-")]
        if editable := next((argument for argument in arguments if argument.partition("=")[0] in ("-e", "--editable")), None):
            raise instruction.error(
                f"`pip install {editable}` would lead to where the image is built, and not into it. Leave {editable} out."
            )
        tools = {re.split(r"[<>=!~\[]", argument)[0] for argument in wanted} <= set(self._rules["own"])
        if wanted and tools and not _names_a_file(arguments):
            self._warn(f"line {instruction.line}: {' and '.join(wanted)} stay as they are: this machine's are used.")
            return
        placed = [self._placed(argument, before, here) for before, argument in zip(["", *arguments], arguments, strict=False)]
        code = self._install(placed, self._tree.make(str(here)), variables)
        if code != 0:
            raise instruction.error(f"`pip {shlex.join(arguments)}` ended with exit code {code}; what it printed is above.")

    def _placed(self, argument: str, before: str, here: PurePosixPath) -> str:
        """An argument of pip, in which a path in the image is replaced by its place on this machine."""
        option, equals, value = argument.partition("=")
        if equals and option in NAMES_A_FILE:
            return f"{option}={self._placed(value, option, here)}"
        names = before in NAMES_A_FILE or argument.startswith(("/", "./", "../")) or argument in (".", "..")
        if not names or "://" in argument:
            return argument
        return str(self._tree.find(str(here / argument)))

    def _packages(self, instruction: Instruction, manager: str, arguments: list[str]) -> None:
        plain = [argument for argument in arguments if not argument.startswith("-")]
        if not plain or plain[0] not in self._rules["installing"]:
            return
        names = [name.partition("=")[0] for name in plain[1:]]
        if unknown := [name for name in names if name not in self._rules["packages"]]:
            raise instruction.error(
                f"{manager} cannot install {', '.join(unknown)}, for there is no container to install into. What your programs need beside "
                "Python's packages has to be on this machine; install it there, and leave the line out."
            )
        self._warn(f"line {instruction.line}: {', '.join(names)} not installed: programs use what this machine has.")

    def _tool(self, instruction: Instruction, program: str, arguments: list[str], here: PurePosixPath) -> None:
        placed: list[str] = []
        mode_is_next = program == "chmod"  # the first argument that is not an option
        for argument in arguments:
            if argument.startswith("-") and not (mode_is_next and MODE.fullmatch(argument)):
                self._check_option(instruction, program, argument)
                placed.append(argument)
            elif mode_is_next:
                mode_is_next = False
                placed.append(argument)
            else:
                placed += self._paths(here, argument, follow=program not in ("mv", "rm"))
        try:
            ran = subprocess.run([program, *placed], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise instruction.error(f"{program} cannot be run on this machine: {error.strerror}.") from None
        if ran.returncode != 0:
            said = ran.stderr.replace(str(self._tree.root), "").strip()
            raise instruction.error(f"`{program} {shlex.join(arguments)}` failed: {said}. It works on the image's own files alone.")

    def _check_option(self, instruction: Instruction, program: str, option: str) -> None:
        """Check an option. It must not contain a path, which could lead out of the image."""
        letters, name = set(option[1:]), option.removeprefix("--")
        if not (name in self._rules["long_options"] if option.startswith("--") else letters <= set(self._rules["tools"][program])):
            raise instruction.error(f"the option {option} of {program} is not supported here.")

    def _paths(self, here: PurePosixPath, argument: str, follow: bool) -> list[str]:
        """The places on this machine of the image's files that an argument names, literally or by a glob in its last part.

        ``follow``: whether to follow links, inside the image.
        """
        path = here / argument
        folder = self._tree.find(str(path.parent))
        names = [path.name]
        if re.search(r"[*?\[]", path.name) and folder.is_dir():
            pattern = glob(path.name)
            names = sorted(each.name for each in folder.iterdir() if pattern.fullmatch(each.name) and not each.name.startswith("."))
        whole = follow or path.name in ("", "..")
        return [str(self._tree.find(str(path.parent / name)) if whole else folder / name) for name in names or [path.name]]


def commands(instruction: Instruction, variables: Mapping[str, str]) -> list[list[str]]:
    """The commands of a RUN, each as a list of words. The shell's escape is the backslash, whatever the Dockerfile's escape is.

    Raises
    ------
    DockerfileError
        The RUN needs a shell.
    """
    if instruction.words is not None:
        return [list(instruction.words)]
    try:
        found = lexer.commands(instruction.text, variables)
    except DockerfileError as error:
        raise instruction.error(str(error)) from None
    if assigned := next((command[0] for command in found if re.match(r"[A-Za-z_]\w*=", command[0])), None):
        raise instruction.error(f"{assigned} sets a variable for one command, which needs the shell of a container. Use ENV.")
    return found


def _names_a_file(arguments: Sequence[str]) -> bool:
    return any(argument.partition("=")[0] in NAMES_A_FILE for argument in arguments)
