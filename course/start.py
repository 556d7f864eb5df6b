"""`course start`: makes your own copy of the lessons and the course's kernel, for a JupyterLab that you have, such as SageMaker Studio."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from course.workspace import KERNEL_NAME, WorkspaceError, prepare


def main(arguments: Sequence[str] | None = None) -> int:
    argparse.ArgumentParser(prog="course start", description=__doc__).parse_args(arguments)
    try:
        first = prepare(user_kernel=True)
    except WorkspaceError as error:
        print(f"course start: {error}", file=sys.stderr)
        return 1
    print(f"Open {first} in JupyterLab; its kernel is {KERNEL_NAME!r}. The lesson starts the local AWS.")
    print("A JupyterLab page that is open already does not know this kernel yet: reload it first.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
