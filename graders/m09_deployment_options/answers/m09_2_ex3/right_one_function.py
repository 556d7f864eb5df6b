SCRIPT = r"""
import json
import os

import pandas as pd
from io import StringIO

NAMES = "departs origin carrier distance temp wind_speed precip visib".split()
HERE = os.path.dirname(__file__)

def model_fn(model_dir):
    return pd.Series(json.load(open(os.path.join(HERE, "rates.json"))))

def transform_fn(rates, data, content_type, accept):
    table = pd.read_csv(StringIO(data), names=NAMES, parse_dates=["departs"])
    table.insert(0, "weekday", table.departs.dt.weekday)
    table.insert(1, "hour", table.departs.dt.hour)
    table["origin"] = table.origin.replace({"EWR": 0, "JFK": 1, "LGA": 2})
    table["carrier"] = [rates.get(carrier, rates["*"]) for carrier in table.carrier]
    return table.drop(columns="departs").to_csv(header=False, index=False), "text/csv"
"""


def pipeline(name, encoder, model_data):
    rates = encoder["carriers"] | {"*": encoder["overall"]}
    s3.put_object(
        Bucket=aws.bucket,
        Key=f"{aws.prefix}/transforms/{name}.tar.gz",
        Body=pack({"code/features.py": SCRIPT.encode(), "code/rates.json": json.dumps(rates).encode()}),
    )
    containers = [
        {
            "Image": aws.image("sklearn", "1.2-1"),
            "ModelDataUrl": f"s3://{aws.bucket}/{aws.prefix}/transforms/{name}.tar.gz",
            "Environment": {"SAGEMAKER_PROGRAM": "features.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
        },
        {"Image": image, "ModelDataUrl": model_data},
    ]
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=aws.role, Containers=containers)
    variant = {"VariantName": "All", "ModelName": name, "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    while sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Creating":
        time.sleep(0.2)
    return name
