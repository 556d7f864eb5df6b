"""Runs processes in boxes: their files, network, limits and supervisor. Imports nothing else of the course."""
