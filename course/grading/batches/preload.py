"""What a grading process has imported and read before it is forked: what is the same for each; nothing is left open by it."""

import boto3  # noqa: F401  for the grader's clients
import nbclient  # noqa: F401
import pandas  # noqa: F401  which checks judge tables with

import course.localaws.preload  # noqa: F401  for the submission's local AWS
from course.grading import vocabulary
from course.grading.batches import grade

grade.packages()
for exam in vocabulary.EXAMS:
    vocabulary.skills(exam)
vocabulary.topics()
