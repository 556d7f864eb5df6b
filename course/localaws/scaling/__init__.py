"""Application Auto Scaling of what the local AWS runs: targets, policies, scheduled actions, and the activities they cause."""

from course.localaws.scaling.service import scaling_service

__all__ = ["scaling_service"]
