"""Runs processes in boxes. Imports nothing else of the course.

`box.Box` is one process tree with its own folder, which it sees as /opt/ml. ``Box(root, environment, ...).start(argv, on_lines)`` returns
a `process.BoxProcess` to wait for, stop or kill; `process.BoxGroup` treats several as one. `box.Network` says what a box reaches,
`mounts` which files it sees, `limits` what it may use. `supervisor` is the process between a box and the caller: namespaces, file system,
relay, watch. `forkserver` forks processes from one that has imported what they need.
"""
