"""Each rule finds its fault in an otherwise clean lesson, and says where it is and what to do. The clean lesson passes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from course.authoring import build, lint, source
from course.grading import catalogue

ROOT = Path(__file__).parents[2]
SOURCES = [path for lesson in build.lessons(ROOT) for path in sorted((ROOT / "solutions" / lesson).glob("m*.py"))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_source_of_the_course_is_clean(path):
    assert [str(problem) for problem in lint.lint(source.read(path), catalogue.exercises(ROOT / "graders"))] == []


def test_the_fixture_is_clean(parse, lesson_text, exercises):
    assert lint.lint(parse(lesson_text), exercises) == []


def test_a_reference_answer_may_have_long_lines(parse, lesson_text, exercises):
    text = lesson_text.replace("### BEGIN SOLUTION\n", f"### BEGIN SOLUTION\n# {'a' * 100}\n", 1)
    assert text != lesson_text and lint.lint(parse(text), exercises) == []


PROSE = "# Three are enough.\n"
CODE = 'costs = {"missed": 120, "false": 25}\n'
FAULTS = {
    "two titles": ("# ## The flights", "# # The flights", "a second title"),
    "no title first": ("# # Three flights\n", "# Three flights\n", "the first cell is Markdown and begins with the title"),
    "a skipped level": ("# ## The flights", "# ### The flights", "heading 'The flights' skips a level"),
    "an image without words": (
        "A missed late flight costs five times a false warning](",
        "](",
        "needs an alt text that states its finding",
    ),
    "an HTML image without words": (PROSE, '# <img src="given/costs.svg">\n', "needs an alt text"),
    "a link that says here": (PROSE, "# See [here](https://example.org/a).\n", "the words of a link say where it goes"),
    "a link to a folder": (PROSE, "# Go on with [the next lesson](../m91_next/).\n", "goes to a folder, which JupyterLab cannot open"),
    "no way to see progress": ("course progress", "course", "the end of a notebook names `course progress`"),
    "too much to read": (PROSE, f"# {'word ' * 2_200}\n", "words to read; shorten the notebook to 2,200, or divide it"),
    "a bare address": (PROSE, "# See https://example.org/a for more.\n", "bare address 'https://example.org/a'"),
    "an image in the text": (PROSE, "# ![Three flights, one late](data:image/png;base64,AAAA)\n", "keep images in given/"),
    "a pair of dollars": (PROSE, "# It costs $1 or $2.\n", "reads a pair of dollar signs as mathematics; write \\$1"),
    "a pair of escaped dollars": (PROSE, "# It costs \\$1 or \\$2.\n", "two dollar signs in a paragraph"),
    "a long cell": (CODE, CODE + "x = 1\n" * 25, "26 lines of code; split the cell"),
    "a long line": (CODE, CODE + f"x = {'1' * 97}\n", "a line of 101 columns, 'x = 1111"),
    "code after code": (CODE, CODE + "\n# %%\nx = 1\n", "two code cells in a row"),
    "a plot without words": (
        "# %% [markdown]\n# The third flight is the latest.\n\n# %% [markdown] exercise",
        "# %%\nx = 1\n\n# %% [markdown] exercise",
        "a plot without words after it",
    ),
    "a plot without a text": (CODE, CODE + "plt.show()\n", "a plot has a text for screen readers"),
    "store magic": (CODE, "# %store costs\n", "'%store': a notebook starts cold"),
    "a question to the person": (CODE, 'costs = input("costs")\n', "'input(': a notebook runs unattended"),
    "a nap": (CODE, "time.sleep(3)\n", "'sleep(': wait on a condition"),
    "an installation": (CODE, "# !pip install boto3\n", "'pip install'"),
    "a restart": (CODE, "app.kernel.do_shutdown(True)\n", "never restarts its kernel"),
    "a path of a Mac": (CODE, 'costs = open("/Users/ada/costs")\n', "a path of one machine"),
    "a path of Linux": (PROSE, "# It is in /home/ada/data.\n", "a path of one machine"),
    "a path of Windows": (CODE, 'costs = open("C:\\\\Users\\\\ada")\n', "a path of one machine"),
    "words of an exam": (PROSE, "# Which approach would meet the need?\n", "worded like a real exam question"),
    "no parameters": ('# %% tags=["parameters"]', "# %%", "0 cells are tagged parameters"),
    "two parameters": (f"# %%\n{CODE}", f'# %% tags=["parameters"]\n{CODE}', "2 cells are tagged parameters"),
    "no time": ("# **Time**: 5 minutes\n", "#\n", "begin it with **Time**"),
    "no cost": ("# **Cost**: \\$0 on the local AWS, nothing on AWS", "# **Cost**: a little", "does not say that the local run costs $0"),
    "two goals": ("# - choose a cut-off (exercise 90.1.3)\n", "", "followed by 2 list items; give 3 to 5"),
    "no recall": ("# ## Recall\n", "# ## Questions\n", "a section `## Recall`: ask 5 questions"),
    "four questions": ("# 5. Which of both costs more?\n", "", "Recall asks 4 questions"),
    "no clean-up": ("aws.cleanup()", "print(aws)", "the last code cell cleans up"),
    "no canary": ("# canary", "# carnary", "the file begins with the comment `# canary"),
}


def test_every_fault_is_found_and_nothing_else(parse, lesson_text, exercises):
    for fault, (old, new, words) in FAULTS.items():
        assert old in lesson_text, fault
        found = [str(problem) for problem in lint.lint(parse(lesson_text.replace(old, new, 1)), exercises)]
        assert any(words in problem for problem in found), (fault, found)
        assert all(problem.startswith("solutions/m90_fixture/m90_1_round_trip.py:") for problem in found), found
        assert len(found) == 1 or fault in ("two titles", "a plot without words", "two goals"), (fault, found)  # these break a second rule


CORRECT = [
    "# Money in code is code: `$1 or $2`.\n",
    "# It costs \\$1.\n#\n# Or \\$2.\n",
    "# One address in angle brackets: <https://example.org/a>.\n",
    "# A [page on flights](https://example.org/a) and a path of the container, `/opt/ml/model`.\n",
    "# In Studio it is `/home/sagemaker-user/course`.\n",
    "# ```\n# # no heading\n# ```\n",
    f"# ```\n# {'code ' * 2_200}\n# ```\n",
]


def test_a_correct_text_passes(parse, lesson_text, exercises):
    for harmless in CORRECT:
        assert lint.lint(parse(lesson_text.replace(PROSE, harmless)), exercises) == [], harmless


def test_cells_are_counted(parse, lesson_text, exercises):
    long = lesson_text.replace(f"# %%\n{CODE}", "# %% [markdown]\n# A sentence.\n\n" * 30 + f"# %%\n{CODE}")
    found = [str(problem) for problem in lint.lint(parse(long), exercises)]
    assert len(found) == 1 and f"{long.count('# %%')} cells; a sitting has 25 to 45" in found[0]


def test_points_and_number_of_exercises_are_counted(parse, lesson_text, exercises):
    richer = {id: dataclasses.replace(exercise, parts={"all": 5}) for id, exercise in exercises.items()}
    found = [str(problem) for problem in lint.lint(parse(lesson_text), richer)]
    assert any("the exercises give 15 points; change their parts to a sum of 10" in line for line in found), found


def test_the_section_that_teaches_an_exercise_is_a_heading(parse, lesson_text, exercises):
    def found(section: str) -> list[str]:
        named = {id: dataclasses.replace(exercise, section=section) for id, exercise in exercises.items()}
        return [str(problem) for problem in lint.lint(parse(lesson_text), named)]

    assert found("Recall") == []
    missing = found("No such heading")
    assert missing and all("is taught under 'No such heading', but the notebook has no such heading" in line for line in missing)


WIRING = {
    "an unknown exercise": ("m90_1_ex2", "m90_1_ex7", "no exercise 'm90_1_ex7' is defined; `course new-exercise m90_1_ex7`"),
    "a check without its evidence": (
        'check("m90_1_ex2", is_late=is_late)',
        'check("m90_1_ex2")',
        'one line `check("m90_1_ex2", is_late=is_late)`',
    ),
    "a check of two lines": (
        'check("m90_1_ex2", is_late=is_late)',
        'x = 1\ncheck("m90_1_ex2", is_late=is_late)',
        "a check cell is the one line",
    ),
    "a check of another exercise": ('check("m90_1_ex2"', 'check("m90_1_ex1"', "a check cell is the one line"),
    "no end of the solution": (
        "    return minutes > 15\n    ### END SOLUTION",
        "    return minutes > 15",
        "between a line `### BEGIN SOLUTION`",
    ),
    "an answer twice": (
        "# %% [markdown]\n# Minutes are one",
        '# %% answer="m90_1_ex1"\nflights = 3\n\n# %% [markdown]\n# Minutes are one',
        '2 cells are marked answer="m90_1_ex1"',
    ),
    "a reference that is not Python": ("return minutes > 15", "return minutes >", "the reference answer is not Python"),
    "a stub that is not Python": (
        "    ### BEGIN SOLUTION\n    return minutes > 15\n    ### END SOLUTION",
        "    if minutes:\n    ### BEGIN SOLUTION\n        return minutes > 15\n    ### END SOLUTION",
        "the learner's stub is not Python",
    ),
    "a stub without the name": ("flights = ...  # TODO: the number of flights\n", "", "write `flights = ...  # TODO`"),
    "a solution anywhere": (CODE, f"### BEGIN SOLUTION\n{CODE}### END SOLUTION\n", "a solution region outside of an answer cell"),
}


def test_every_exercise_that_does_not_fit_is_found(parse, lesson_text, exercises):
    for fault, (old, new, words) in WIRING.items():
        assert old in lesson_text, fault
        found = [str(problem) for problem in lint.lint(parse(lesson_text.replace(old, new)), exercises)]
        assert any(words in problem for problem in found), (fault, found)


def test_the_order_of_text_answer_and_check(parse, lesson_text, exercises):
    start = lesson_text.index('# %% check="m90_1_ex1"')
    end = lesson_text.index("# %% [markdown]\n# ## Late")
    text = lesson_text[:start] + lesson_text[end:]
    text = text.replace('# %% answer="m90_1_ex1"', lesson_text[start:end] + '# %% answer="m90_1_ex1"')
    assert any("in the order text, answer, check" in str(problem) for problem in lint.lint(parse(text), exercises))


def test_the_command_prints_a_line_for_each_problem(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    assert lint.main([]) == 0
    path = root / "solutions" / "m90_fixture" / "m90_1_round_trip.py"
    path.write_text(path.read_text().replace("# ## The flights", "# ### The flights"))
    assert lint.main([str(path)]) == 1
    assert "skips a level" in capsys.readouterr().out
