"""From the text source of a lesson to its solution notebook and its learner's notebook, byte for byte the same each time.

`source` reads a source, `lesson` and `declaration` say what is in it, `lint` and its siblings check it, `build` writes the notebooks, and
`scaffold` is ``course new-exercise``.
"""
