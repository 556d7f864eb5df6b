"""The contract between a client and a service, from botocore's service model alone: no code per operation."""

from course.localaws.contract.contract import Contract

__all__ = ["Contract"]
