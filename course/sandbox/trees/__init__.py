"""Handles trees of files that programs made: reads, walks, copies, merges, packs, unpacks and removes them.

Such a tree may hold links that lead anywhere, paths longer than the kernel takes, devices and a million files, and the program may still
change it. So nothing here trusts a path of more than one name: a `directory.Directory` is an open folder, and whatever is in it is reached
by one name from there, without following a link. `links` follows a link by its text instead, and never out of the tree.

Whoever reads or writes a folder that a job, a model server, a learner's archive or an image had in hand uses this package, and nothing of
`shutil`, `tarfile` or `zipfile` that walks or unpacks. The lint of Python's sources sees to it.
"""

from course.sandbox.trees.archives import pack, read_member, unpack, unpack_zip
from course.sandbox.trees.copying import copy, copy_tree, merge
from course.sandbox.trees.directory import Directory, TreeError, parts_of
from course.sandbox.trees.links import LinkRule, find, open_file
from course.sandbox.trees.removal import remove
from course.sandbox.trees.walking import Entry, walk

__all__ = [
    "Directory",
    "Entry",
    "LinkRule",
    "TreeError",
    "copy",
    "copy_tree",
    "find",
    "merge",
    "open_file",
    "pack",
    "parts_of",
    "read_member",
    "remove",
    "unpack",
    "unpack_zip",
    "walk",
]
