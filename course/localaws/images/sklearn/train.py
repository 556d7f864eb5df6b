"""The program ``train`` of the scikit-learn image: script mode."""

from __future__ import annotations

import sys

from course.localaws.images.shared import script_mode

if __name__ == "__main__":
    sys.exit(script_mode.run("sagemaker_sklearn_container.training:main"))
