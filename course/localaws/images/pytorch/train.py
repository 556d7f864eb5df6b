"""The program ``train`` of the PyTorch image: script mode, with torchrun or mpirun if the job asks for them (`launchers`).

PyTorch is the version of this machine or of the job's requirements, whatever version the image's tag names. No GPU.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

from course.localaws import images
from course.localaws.images.shared import launchers, script_mode

FRAMEWORK_MODULE = "sagemaker_pytorch_container.training:main"


def launch(code: Path, environment: script_mode.Environment) -> list[str]:
    """Make the command line, once the job's requirements are installed. Raises ClientError if PyTorch is missing."""
    try:
        os.environ["SM_DLC_TORCH_VERSION"] = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        raise script_mode.ClientError(images.not_installed("torch")) from None
    launchers.set_master(environment)
    return launchers.command(code, environment)


if __name__ == "__main__":
    sys.exit(script_mode.run(FRAMEWORK_MODULE, launch))
