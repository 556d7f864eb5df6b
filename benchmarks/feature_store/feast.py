"""Feast's SQLite online store behind its own feature server, in an environment of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import systems
from course.regression import package_sets

PACKAGE = "feast==0.67.0"  # beside our lock, pip would choose 0.1
ENVIRONMENT = Path("build/benchmarks/feast")
SERVE_SECONDS = 120.0
CONFIG = """
project: bench
registry: registry.db
provider: local
online_store: {type: sqlite, path: online.db}
entity_key_serialization_version: 3
"""
# Arguments: number of records, number of features.
FILL = """
import sys
from datetime import datetime, timedelta, timezone
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64

count, features = int(sys.argv[1]), [f"f{number}" for number in range(int(sys.argv[2]))]
now = datetime.now(timezone.utc)
rows = pd.DataFrame({"id": [str(number) for number in range(count)], "t": [now] * count, "created": [now] * count})
for feature in features:
    rows[feature] = [number / 2 for number in range(count)]
rows.to_parquet("rows.parquet")
entity = Entity(name="id", join_keys=["id"], value_type=ValueType.STRING)
view = FeatureView(
    name="bench",
    entities=[entity],
    ttl=timedelta(days=365),
    schema=[Field(name=feature, dtype=Float64) for feature in features],
    source=FileSource(path="rows.parquet", timestamp_field="t", created_timestamp_column="created"),
)
store = FeatureStore(".")
store.apply([entity, view])
store.write_to_online_store("bench", rows)
"""


@contextlib.contextmanager
def serving(folder: Path, records: int, features: int) -> Iterator[Callable[[], None]]:
    """Serve records with identifiers ``"0"``, ``"1"``, ... Yields a function that reads one of them and checks its features.

    Raises
    ------
    PackageSetError
        Feast's environment cannot be made.
    """
    python = package_sets.clean(ENVIRONMENT, [PACKAGE])
    (folder / "feature_store.yaml").write_text(CONFIG)
    quiet = {**os.environ, "FEAST_USAGE": "False"}
    filled = subprocess.run([python, "-c", FILL, str(records), str(features)], cwd=folder, env=quiet, capture_output=True, text=True)
    if filled.returncode:
        raise RuntimeError(f"Feast's store cannot be filled: {filled.stderr[-500:]}")
    port = systems.free_port()
    # By default a worker ends after 1,000 requests.
    command = [python.with_name("feast"), "serve", "-p", str(port), "--no-access-log", "--max-requests", "0", "--max-requests-jitter", "0"]
    wanted = [f"bench:f{number}" for number in range(features)]
    asked, headers = json.dumps({"features": wanted, "entities": {"id": ["7919"]}}), {"Content-Type": "application/json"}
    with systems.running(command, port, SERVE_SECONDS, cwd=folder, env=quiet):
        ask = systems.requester("127.0.0.1", port)

        def read() -> None:
            answer = ask("POST", "/get-online-features", asked, headers)
            if answer.count(str(7919 / 2).encode()) != features:
                raise RuntimeError(f"not the record: {answer[:500]!r}")

        yield read
