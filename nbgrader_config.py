"""nbgrader for this course; its plain commands, the formgrader and the Validate button read this file.

`docs/grading.md` explains the path of a grade and each of these settings.
"""

import os
import sys
from pathlib import Path

from course.authoring import stub
from course.grading import nbgrader_plugin, plain_files, validation
from course.grading.batches import nbgrader_gradebook
from course.grading.classroom import exchange, schedule
from course.grading.formgrader import one_course

c = get_config()  # noqa: F821, given by nbgrader

# nbgrader creates its database with the `alembic` command, which is beside Python even if the environment is not activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])

# A class has its course id, and perhaps its exchange, in class.yaml.
c.CourseDirectory.course_id = schedule.course_id(Path(), "from_data_to_deployment")
if chosen := schedule.exchange(Path()):
    c.Exchange.root = chosen
c.merge(exchange.settings())
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
# Files beside a lesson's notebook are copied to learners, except these: sources, declarations, and files that show an answer.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    "m[0-9][0-9]_*.py",
    "reference",
    "answers",
    "*_hidden.py",
    "lesson.yaml",
]

# `nbgrader zip_collect` opens zips safely and understands the file names of Canvas and Moodle.
c.ZipCollectApp.extractor_plugin = "course.grading.classroom.zip_collect.SafeExtractor"
c.ZipCollectApp.collector_plugin = "course.grading.classroom.zip_collect.LmsCollector"

# Each stub names its exercise and does not stop JupyterLab's "Run All".
c.GenerateAssignment.preprocessors = stub.preprocessors()

c.Autograde.exporter_class = nbgrader_plugin.StrictExporter
c.Autograde.sanitize_preprocessors = nbgrader_plugin.SANITIZE
c.Autograde.autograde_preprocessors = nbgrader_plugin.GRADE
c.Autograde.exclude_overwriting = nbgrader_plugin.given_files(Path("solutions"))
c.OverwriteCells.add_missing_cells = True

# Nothing that a learner wrote runs in a browser: feedback has no scripts, and both feedback and formgrader sanitise what they show.
c.GenerateFeedback.exporter_class = "course.grading.display.exporter.FeedbackExporter"
c.HTMLExporter.preprocessors = ["course.grading.display.preprocessor.SanitiseNotebook"]
c.HTMLExporter.exclude_anchor_links = True  # a heading's anchor could have the name of an exercise

# `nbgrader export` writes the grader's scores, unless `course override` decided otherwise.
c.ExportApp.plugin_class = "course.grading.batches.manual_scores.GradersScores"

# Nothing follows a link in what was handed in.
plain_files.install()

# The formgrader in JupyterLab opens no other folder, whose configuration it would run.
one_course.install()

nbgrader_gradebook.ignore_warnings()

# `nbgrader validate` says that it checked practice cases.
validation.install()

# The Validate button runs a whole lesson, whose cells may wait for jobs; when grading, GradedExecute sets limits from the exercises.
c.Execute.timeout = 300
