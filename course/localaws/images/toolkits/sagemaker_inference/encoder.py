"""Encodes arrays as payloads."""

from course.localaws.images.shared.codecs import ENCODERS, encode

SUPPORTED_CONTENT_TYPES = set(ENCODERS)

__all__ = ["SUPPORTED_CONTENT_TYPES", "encode"]
