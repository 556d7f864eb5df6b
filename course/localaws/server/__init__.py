"""The process of a local AWS: start, stop, control, and the `course aws` command.

`launch` starts, finds and stops one from another process; it returns a `launch.Handle`. `daemon` is the process. `app.LocalAws` opens all
services on one state folder. `control` is the API for the course's own tools below ``/_localaws/``. `forkserver` starts many, each
sooner, from a process that has imported everything. `boxed` starts one that nobody trusts, in a box of its own.
"""
