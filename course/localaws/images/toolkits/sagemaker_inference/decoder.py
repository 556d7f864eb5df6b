"""Decodes payloads to arrays."""

from course.localaws.images.shared.codecs import decode

__all__ = ["decode"]
