"""The gate of the graders: every exercise is tried on answers whose worth is known. ``python -m course.grading.gate m04_1``.

The notebook's text source runs in this process, without Jupyter, in a scratch copy of its folder and with one local AWS. At each
exercise, every candidate answer runs in a copy of the namespace that the cells before it made. The gate requires:

- the untouched stub earns nothing, in practice and at grading;
- the reference and every ``answers/<exercise>/right_*.py`` earn all points, for several seeds;
- every ``wrong_*.py`` fails at grading on the part that it names, and the report shows the words that it names, but no piece of the
  right answer;
- in a decision exercise, no guesser earns more than a fifth of the points (`course.grading.gate.guesser`);
- no answer that is made of what learners can import earns more than a fifth of the points (`course.grading.gate.thief`);
- right answers earn all points with their fractions rounded, or off by a rounding error, too (`course.grading.gate.rounding`);
- mutants of the reference do not earn all points; ``--mutants`` says how many are tried (`course.grading.gate.mutation`).
"""
