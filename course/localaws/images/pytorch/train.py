"""``train`` of the PyTorch image: script mode, by torchrun or mpirun where the job asks for them (`launchers`).

The PyTorch is the one that this machine has, or the job's requirements bring, whatever version the image's tag names; no GPU.
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
    """Called when the job's requirements are installed. Raises ClientError where there is no PyTorch."""
    try:
        os.environ["SM_DLC_TORCH_VERSION"] = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        raise script_mode.ClientError(images.not_installed("torch")) from None
    launchers.set_master(environment)
    return launchers.command(code, environment)


if __name__ == "__main__":
    sys.exit(script_mode.run(FRAMEWORK_MODULE, launch))
