"""The tests mirror `course/`, folder for folder; helpers are imported relative to their test.

This file makes the name `tests` ours: some dependency leaves a package of that name in site-packages.
"""
