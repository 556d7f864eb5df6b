"""The SDK's endpoint is the endpoint."""

# trips: built
# says: type Endpoint

SCRIPT = r"""
import io
import json

import pandas as pd
from raw import RAW, features

def model_fn(model_dir):
    with open(f"{model_dir}/encoder.json") as file:
        return json.load(file)

def input_fn(data, content_type):
    return pd.read_csv(io.StringIO(data), header=None, names=RAW)

def predict_fn(flights, encoder):
    return features(flights, encoder)

def output_fn(rows, accept):
    return rows.to_csv(header=False, index=False), "text/csv"
"""


def pipeline(name, encoder, model_data):
    code = {"code/transform.py": SCRIPT.encode(), "code/raw.py": Path("given/raw.py").read_bytes()}
    uri = store(f"{name}.tar.gz", {"encoder.json": json.dumps(encoder).encode(), **code})
    first = ContainerDefinition(image=aws.image("sklearn", "1.2-1"), model_data_url=uri, environment=transform["Environment"])
    last = ContainerDefinition(image=image, model_data_url=model_data)
    parts = [Model(model_name=name, primary_container=each) for each in (first, last)]
    builder = ModelBuilder(model=parts, role_arn=aws.role, sagemaker_session=aws.session)
    builder.build(model_name=name)
    return builder.deploy(endpoint_name=name, instance_type="ml.m5.large")
