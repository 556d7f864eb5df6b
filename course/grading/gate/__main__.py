"""Runs the gate: ``python -m course.grading.gate``."""

import sys

from course import interrupts
from course.grading.gate.command import main

sys.exit(interrupts.run(main))
