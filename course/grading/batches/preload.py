"""What a grading process has imported and read before it is forked: what is the same for each; nothing is left open by it."""

import gc

import boto3  # noqa: F401  for the grader's clients
import IPython  # noqa: F401  which jupyter_client asks where kernels are specified
import nbclient  # noqa: F401
import nbformat
import pandas  # noqa: F401  which checks judge tables with

import course.localaws.server.preload  # noqa: F401  for the submission's local AWS
from course.grading import vocabulary
from course.grading.batches import grade
from course.sandbox.box import best_mode

best_mode()
grade.packages()
nbformat.validate(nbformat.v4.new_notebook())  # compiles the schema
vocabulary.domains("C01")
vocabulary.topics()
gc.freeze()  # it all stays, so that no fork's garbage collector goes through it, and copies it
