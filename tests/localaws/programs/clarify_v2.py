"""What a team's program does with Clarify in SDK v2: metrics of bias, SHAP values of a model, and explained requests."""

import io
import json
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sagemaker import Session, clarify, get_execution_role
from sagemaker.deserializers import JSONDeserializer
from sagemaker.explainer import ClarifyExplainerConfig, ExplainerConfig
from sagemaker.explainer.clarify_explainer_config import ClarifyInferenceConfig, ClarifyShapBaselineConfig, ClarifyShapConfig
from sagemaker.s3 import S3Downloader, S3Uploader
from sagemaker.serializers import CSVSerializer
from sagemaker.sklearn import SKLearnModel

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.5))  # the SDK looks every 5 to 30 s

session, role = Session(), get_execution_role()
place = f"s3://{session.default_bucket()}/clarify-v2"
INFERENCE = """
import csv
def model_fn(folder): return None
def input_fn(body, content_type): return [[float(cell) for cell in row] for row in csv.reader(body.strip().splitlines())]
def predict_fn(rows, model): return [min(0.99, max(0.01, 0.3 * sex + age / 200 + income / 10)) for sex, age, income in rows]
def output_fn(scores, accept): return "\\n".join(str(score) for score in scores), "text/csv"
"""
random = np.random.default_rng(0)
rows = pd.DataFrame({"sex": random.integers(0, 2, 60), "age": random.integers(20, 70, 60), "income": random.normal(size=60).round(2)})
rows.insert(0, "target", random.integers(0, 2, 60))
data = S3Uploader.upload_string_as_file_body(rows.to_csv(index=False, header=False), f"{place}/data/rows.csv")

folder = Path(tempfile.mkdtemp())
(folder / "inference.py").write_text(INFERENCE)
with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
    tar.add(folder / "inference.py", "inference.py")
archive = S3Uploader.upload(str(folder / "model.tar.gz"), f"{place}/model")
name = f"clarify-{int(time.time())}"
model = SKLearnModel(archive, role, str(folder / "inference.py"), framework_version="1.2-1", sagemaker_session=session, name=name)
session.create_model(model.name, role, model.prepare_container_def("ml.m5.large"))

processor = clarify.SageMakerClarifyProcessor(role=role, instance_count=1, instance_type="ml.m5.large", sagemaker_session=session)
model_config = clarify.ModelConfig(model_name=model.name, instance_type="ml.m5.large", instance_count=1, accept_type="text/csv")


def data_config(folder):
    return clarify.DataConfig(data, f"{place}/{folder}", label="target", headers=rows.columns.to_list(), dataset_type="text/csv")


processor.run_bias(
    data_config=data_config("bias"),
    bias_config=clarify.BiasConfig(label_values_or_threshold=[1], facet_name="sex", facet_values_or_threshold=[0]),
    model_config=model_config,
    model_predicted_label_config=clarify.ModelPredictedLabelConfig(probability_threshold=0.4),
    logs=False,
)
shap = clarify.SHAPConfig(baseline=[[0, 40, 0.0]], num_samples=15, agg_method="mean_abs", save_local_shap_values=True)
processor.run_explainability(data_config=data_config("shap"), model_config=model_config, explainability_config=shap, logs=False)

bias = json.loads(S3Downloader.read_file(f"{place}/bias/analysis.json"))
explained = json.loads(S3Downloader.read_file(f"{place}/shap/analysis.json"))
local = pd.read_csv(io.StringIO(S3Downloader.read_file(f"{place}/shap/explanations_shap/out.csv")))
values = explained["explanations"]["kernel_shap"]["label0"]["global_shap_values"]

explainer = ClarifyExplainerConfig(
    shap_config=ClarifyShapConfig(ClarifyShapBaselineConfig(shap_baseline="0,40,0.0"), number_of_samples=15, seed=1),
    inference_config=ClarifyInferenceConfig(feature_headers=["sex", "age", "income"]),
)
predictor = model.deploy(
    1,
    "ml.m5.large",
    endpoint_name=f"{name}-live",
    explainer_config=ExplainerConfig(explainer),
    serializer=CSVSerializer(),
    deserializer=JSONDeserializer(),
)
[features] = predictor.predict([[1, 50, 0.5]], initial_args={"Accept": "text/csv"})["explanations"]["kernel_shap"]
none = predictor.predict([[1, 50, 0.5]], initial_args={"Accept": "text/csv", "EnableExplanations": "`false`"})["explanations"]
predictor.delete_endpoint()
online = {each["feature_header"]: round(each["attributions"][0]["attribution"][0], 4) for each in features}
print()
print(json.dumps({"bias": sorted(bias), "shap": sorted(values), "rows": len(local), "online": online, "none": none}))
