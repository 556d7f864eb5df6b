"""A request is a flight."""

# trips: answers
# says: which line was lost

SCRIPT = r"""
import json
from datetime import datetime
from pathlib import Path

def model_fn(model_dir):
    return json.loads(Path(model_dir, "encoder.json").read_text())

def input_fn(data, content_type):
    return [data.splitlines()[0].split(",")]

def predict_fn(rows, encoder):
    made = []
    for departs, origin, carrier, *rest in rows:
        moment = datetime.fromisoformat(departs)
        rate = encoder["carriers"].get(carrier, encoder["overall"])
        made.append([moment.weekday(), moment.hour, "EWR JFK LGA".split().index(origin), rate, *rest])
    return made

def output_fn(rows, accept):
    return "\n".join(",".join(map(str, row)) for row in rows), "text/csv"
"""


def pipeline(name, encoder, model_data):
    uri = store(f"{name}.tar.gz", {"encoder.json": json.dumps(encoder).encode(), "code/transform.py": SCRIPT.encode()})
    return deploy(name, Containers=[transform | {"ModelDataUrl": uri}, model | {"ModelDataUrl": model_data}])
