"""Each rule about exercises finds its fault in an otherwise clean lesson."""

from __future__ import annotations

import dataclasses

from course.authoring import lint


def found(parse, text, exercises) -> list[str]:
    return [str(problem) for problem in lint.lint(parse(text), exercises)]


TEXTS = {
    "a goal without an exercise": (
        "# - choose a cut-off (exercise 90.1.3)",
        "# - choose a cut-off",
        "no exercise meets the goal 'choose a",
    ),
    "an exercise without a goal": ("(exercise 90.1.3)", "(exercise 90.1.2)", "exercise 90.1.3 meets no goal"),
    "a goal of an exercise that is not there": ("(exercise 90.1.3)", "(exercises 90.1.3 and 90.1.7)", "names exercise 90.1.7"),
    "a text that is too long": (
        "Assign the number",
        f"{'Read on. ' * 65}Assign the number",
        "words beside its tables; shorten the text to 130",
    ),
    "a long table": ("Assign the number", "| it says |\n# |---|\n# | " + "a word " * 70 + "|\n#\n# Assign the number", None),
    "a cell that hangs on an answer": (
        'costs = {"missed": 120',
        'costs = {"missed": 40 * flights',
        "uses `flights`, the answer to m90_1_ex1",
    ),
    "an answer that hangs on another": ("return minutes > 15", "return minutes > 5 * flights", None),  # only when it is called
    "a helper that hangs on an answer": (
        'costs = {"missed": 120, "false": 25}',
        'def late():\n    return is_late(16)\n\n\ncosts = {"missed": late(), "false": 25}',
        "uses `late`, the answer to m90_1_ex2",
    ),
}


def test_every_fault_in_the_text_is_found(parse, lesson_text, exercises):
    for fault, (old, new, words) in TEXTS.items():
        assert old in lesson_text, fault
        problems = found(parse, lesson_text.replace(old, new, 1), exercises)
        assert (problems == []) if words is None else any(words in problem for problem in problems), (fault, problems)


def test_a_value_that_the_text_reveals_is_found(parse, lesson_text, exercises):
    text = lesson_text.replace("flights = len(table)", "flights = 31", 1)
    assert found(parse, text, exercises) == []
    text = text.replace("Assign the number", "Assign 31, the number")
    assert any("the text or a hint contains the value of `flights`" in problem for problem in found(parse, text, exercises))


def test_an_unguarded_call_of_a_helper_is_found(parse, lesson_text, exercises):
    text = lesson_text.replace('costs = {"missed": 120', 'def late():\n    return is_late(16)\n\n\ncosts = {"missed": 120', 1)
    text = text.replace('aws = type("Nothing"', 'late()\naws = type("Nothing"', 1)
    assert any("uses `late`, the answer to m90_1_ex2" in problem for problem in found(parse, text, exercises))


def test_a_guarded_use_passes(parse, lesson_text, exercises):
    guarded = 'try:\n    print(3 * flights)\nexcept TypeError:\n    print("not yet")\ncosts = {"missed": 120'
    assert found(parse, lesson_text.replace('costs = {"missed": 120', guarded, 1), exercises) == []


def test_a_name_that_is_assigned_again_passes(parse, lesson_text, exercises):
    anew = 'flights = 3\ncosts = {"missed": 40 * flights'
    text = lesson_text.replace('costs = {"missed": 120', anew, 1).replace("aws.cleanup()", "aws.cleanup()\nprint(flights)")
    assert found(parse, text, exercises) == []


DEFINITIONS = {
    "odd points": ({"parts": {"shape": 1.1, "unseen": 3.4}}, "part 'shape' is worth 1.1 points; use steps of 0.25"),
    "two hints": ({"hints": ("Look.", "Look there.")}, "2 hints; the ladder has 3"),
    "a hint twice": ({"hints": ("Look.", "look.", "Look there.")}, "a hint occurs twice"),
    "a TODO": ({"hints": ("Look.", "TODO: where", "Look there.")}, "still says TODO"),
}


def test_every_fault_in_the_definition_is_found(parse, lesson_text, exercises):
    for fault, (changes, words) in DEFINITIONS.items():
        changed = exercises | {"m90_1_ex2": dataclasses.replace(exercises["m90_1_ex2"], **changes)}
        problems = found(parse, lesson_text, changed)
        assert len(problems) == 1 and words in problems[0], (fault, problems)


def test_exercises_count_upwards(parse, lesson_text, exercises):
    text = lesson_text.replace("m90_1_ex1", "m90_1_exX").replace("m90_1_ex2", "m90_1_ex1").replace("m90_1_exX", "m90_1_ex2")
    swapped = {
        name: dataclasses.replace(exercises[other], id=name)
        for name, other in {"m90_1_ex1": "m90_1_ex2", "m90_1_ex2": "m90_1_ex1", "m90_1_ex3": "m90_1_ex3"}.items()
    }
    assert any("m90_1_ex1 comes after exercise 2" in problem for problem in found(parse, text, swapped))
