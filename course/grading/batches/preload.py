"""What a grading process has imported before it is forked; importing it computes nothing and opens nothing."""

import boto3  # noqa: F401  for the grader's clients
import nbclient  # noqa: F401
import pandas  # noqa: F401  which checks judge tables with

import course.grading.batches.grade
import course.localaws.preload  # noqa: F401  for the submission's local AWS
