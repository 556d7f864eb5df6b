"""Settings of tests that send drawn requests to a local AWS: no time limit, no stored examples, no search for a smaller example."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase

QUIET = {"deadline": None, "database": None, "phases": [Phase.generate], "suppress_health_check": list(HealthCheck)}
