"""The names of the content types."""

from course.localaws.images.shared.codecs import ANY, CSV, JSON, NPY, UTF8_TYPES

OCTET_STREAM = "application/octet-stream"

__all__ = ["ANY", "CSV", "JSON", "NPY", "OCTET_STREAM", "UTF8_TYPES"]
