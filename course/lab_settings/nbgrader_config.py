"""nbgrader for learners in `course lab`, which puts this folder onto Jupyter's path of configurations."""

from course.grading import validation

validation.install()
