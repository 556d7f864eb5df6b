"""Imports the modules and reads the files that every grading process needs, before the processes are forked. Leaves nothing open."""

import gc

import boto3  # noqa: F401  for the grader's clients
import IPython  # noqa: F401  jupyter_client asks it for the folders of kernel specs
import nbclient  # noqa: F401
import nbformat
import pandas  # noqa: F401  for checks of tables

import course.localaws.server.preload  # noqa: F401  for the submission's local AWS
from course.grading import vocabulary
from course.grading.batches import grade
from course.grading.sandbox import one_package
from course.sandbox.box import best_mode

best_mode()
grade.packages()
one_package.package_of_kernels()
nbformat.validate(nbformat.v4.new_notebook())  # compiles the schema
vocabulary.domains("C01")
vocabulary.topics()
gc.freeze()  # these objects stay; without freeze every fork's garbage collector would touch and so copy them
