"""Imports the modules and reads the files that every grading process needs, before the processes are forked. Leaves nothing open."""

from course.sandbox import forkserver

with forkserver.imports():
    import boto3  # noqa: F401  for the grader's clients
    import IPython  # noqa: F401  jupyter_client asks it for the folders of kernel specs
    import nbclient  # noqa: F401
    import nbformat
    import pandas  # noqa: F401  for checks of tables

    import course.localaws.server.boxed  # noqa: F401  for the submission's local AWS
    from course.grading import vocabulary
    from course.grading.batches import grade
    from course.grading.display.notebook import sanitise
    from course.grading.sandbox import one_package
    from course.sandbox.isolation import isolation

    isolation()
    grade.packages()
    one_package.package_of_kernels()
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("<b>words</b>\n\n```python\n1\n```\n")])
    nbformat.validate(page)  # compiles the schema
    sanitise(page)  # compiles regular expressions
    vocabulary.domains("C01")
    vocabulary.topics()
