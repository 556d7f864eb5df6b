"""Baselines that a learner's function makes of captured requests (m12_1_ex1)."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from course import datasets
from course.grading import Answer, Report
from course.grading.scoring import near

from .m12_1_analyses import analyses
from .m12_1_incoming import FEATURES, lines, table

WANTED = "expected a baseline of all flights that were captured below the folder"
TOLERANCE = 1e-6  # relative, of a mean
MOST_NAMES = 12  # of columns that a message lists


@cache
def year() -> pd.DataFrame:
    """The flights of the year."""
    return table(datasets.folder() / "flights.parquet", datasets.folder() / "weather.parquet")


@dataclass(frozen=True)
class Request:
    """Captured request: its flights, the hour of the file in which it is, and whether its body is in base 64."""

    flights: pd.DataFrame
    hour: int
    encoded: bool = False

    def record(self) -> str:
        """The line of the file."""
        body = lines(self.flights)
        if self.encoded:
            text = {"data": base64.b64encode(body.encode()).decode(), "encoding": "BASE64"}
        else:
            text = {"data": body, "encoding": "CSV"}
        captured = {"endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", **text}}
        metadata = {"eventId": f"{self.hour}-{len(self.flights)}", "inferenceTime": f"2026-05-04T{self.hour:02}:10:00Z"}
        return json.dumps({"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"})


def drawn_requests(rng: random.Random, *, encoded: bool) -> list[Request]:
    """Requests of three hours, of one and of many flights; some lack a weather value."""
    month = year()[year().date.dt.month == rng.randint(1, 12)]
    hours = sorted(rng.sample(range(24), 3))
    requests = []
    for number, hour in enumerate([*hours, hours[0]]):
        size = rng.randint(40, 90) if number else 1
        some = month.sample(size, random_state=rng.getrandbits(32))
        lost = [rng.random() < 0.1 for _ in range(size)]
        requests.append(Request(some.assign(pressure=some.pressure.mask(pd.Series(lost, some.index))), hour, encoded and number == 2))
    return requests


def judge_past(answer: Answer, report: Report, name: str, requests: Sequence[Request]) -> None:
    """Call the learner's function for a folder of captured requests, and compare its statistics with them."""
    with analyses(answer, name) as place:
        hours = sorted({request.hour for request in requests})
        for hour in hours:
            files = [request for request in requests if request.hour == hour]
            for number, request in enumerate(files):
                place.put(f"captured/late/AllTraffic/2026/05/04/{hour:02}/{number}.jsonl", f"{request.record()}\n")
        place.put("captured/late-old/AllTraffic/2026/05/04/00/0.jsonl", f"{requests[-1].record()}\n")  # another endpoint's
        target = f"s3://{name}/baseline"
        answer.call("past_baseline", f"s3://{name}/captured/late", target)
        files = _files(answer.client("s3"), name)
        if _judge_files(report, files):
            _judge_columns(report, files) and _judge_rows(report, files["statistics"], [each.flights for each in requests])


def _files(s3: Any, bucket: str) -> dict[str, dict]:
    """What lies directly in the target, by name without the ending."""
    found = {}
    for each in s3.list_objects_v2(Bucket=bucket, Prefix="baseline/").get("Contents", []):
        name = each["Key"].removeprefix("baseline/")
        if name in ("statistics.json", "constraints.json"):
            found[name.removesuffix(".json")] = json.loads(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read())
    return found


def _judge_files(report: Report, files: dict[str, dict]) -> bool:
    missing = [f"{name}.json" for name in ("statistics", "constraints") if name not in files]
    said = f"After `past_baseline(folder, target)`, the folder `target` has no {' and no '.join(missing)}. Is the job over when your "
    said += "function returns, and is `target` its output?"
    return report.part("files", not missing, said)


def _judge_columns(report: Report, files: dict[str, dict]) -> bool:
    names = [feature["name"] for feature in files["constraints"]["features"]]
    shown = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")
    said = f"The baseline has the columns {shown}; expected the names and the order of `FEATURES`."
    if set(names) == {f"_c{number}" for number in range(len(FEATURES))}:
        said += " The analyzer knows no names: captured lines have none. Give it a table with a header."
    elif any(name[:1].isdigit() for name in names):
        said += " Is the first flight taken for the header?"
    return report.part("columns", names == FEATURES, said)


def _judge_rows(report: Report, statistics: dict, requests: Sequence[pd.DataFrame]) -> None:
    flights = pd.concat(requests)
    for feature in statistics["features"]:
        if "numerical_statistics" not in feature:
            said = f"The baseline takes `{feature['name']}` for text; expected numbers, and nothing where nothing was captured."
            report.part("rows", False, f"{said} Is the data of each request decoded as its `encoding` says?")
            return
    rows = int(statistics["dataset"]["item_count"])
    said = f"The baseline has {rows} flights, and {len(flights)} were captured; {WANTED}. {_why_rows(rows, len(flights), len(requests))}"
    if not report.part("rows", rows == len(flights), said):
        return
    for feature in statistics["features"]:
        name, known = feature["name"], flights[feature["name"]].dropna()
        numbers = feature["numerical_statistics"]
        present, mean = numbers["common"]["num_present"], numbers["mean"]
        if int(present) != len(known):
            said = f"`{name}` has a value in {int(present)} flights of the baseline, and had one in {len(known)} captured ones."
            report.part("rows", False, f"{said} What is missing stays missing.")
            return
        if not near(mean, float(known.mean()), TOLERANCE * max(1.0, abs(float(known.mean())))):
            report.part("rows", False, f"The mean of `{name}` is not that of the captured flights: are columns exchanged?")
            return


def _why_rows(rows: int, flights: int, requests: int) -> str:
    """A question about what may be wrong, if the baseline has ``rows`` rows for all the ``flights`` of ``requests``."""
    if rows > flights:
        return "That is more: does your function also read the folder of another endpoint, such as `late-old`?"
    if rows == flights - 1:
        return "One is missing: is the first line taken for a header?"
    if rows == flights - requests:
        return "One flight of each request is missing: is it taken for a header?"
    return "A folder has files of several hours, a request many flights."
