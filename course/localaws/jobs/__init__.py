"""Runs jobs of any service: threads, boxes, overlays, and data from and to S3."""
