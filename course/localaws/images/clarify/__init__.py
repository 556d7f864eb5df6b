"""The image of SageMaker Clarify: bias metrics, feature attributions (Kernel SHAP) and partial dependence of tabular data.

The contract of the container. A processing job without entry point and arguments runs the analysis:

Inputs
    ``analysis_config`` (the name of the input): a folder with ``analysis_config.json``, usually ``/opt/ml/processing/input/config``.
    ``dataset``: the data, usually ``/opt/ml/processing/input/data``. Output ``analysis_result``: ``/opt/ml/processing/output``.
    The places are those in ``processingjobconfig.json``. Of several instances the first one does the work.
Files
    ``analysis.json``, ``report.html``, ``report.ipynb``, ``report.pdf`` (but for a monitoring execution), ``explanations_shap/out.csv``
    (local SHAP values), ``explanations_shap/baseline.csv`` (if the job made the baseline). A baseline of a monitor is such a job, too: its
    ``analysis.json`` is the constraints file, as the SDK's ``suggested_constraints()`` expects. AWS writes no ``constraints.json`` here.

A monitoring execution has these environment variables besides. The names are those of Model Monitor's analyzer.

``dataset_format``
    ``{"sagemakerMergeJson": {}}`` (requests with labels, for bias), ``{"sagemakerCaptureJson": {}}`` (for explainability), or ``{"csv":
    {"header": true}}``, ``{"json": {"line": true}}``, ``{"parquet": {}}`` (data of batch transform). This variable makes the job an
    execution.
``dataset_source``, ``output_path``
    Folders of data and reports.
``baseline_constraints``
    The file ``analysis.json`` of the baseline, or its folder. With it the job writes ``constraint_violations.json``.
``features_attribute``, ``inference_attribute``, ``probability_attribute``, ``probability_threshold_attribute``
    Where requests have features, and answers the predicted label or scores: indexes, JMESPath, a number.
``start_time``, ``end_time``
    The window of the captured data.
``publish_cloudwatch_metrics``
    ``Enabled``: the job writes ``/opt/ml/output/metrics/cloudwatch/cloudwatch_metrics.jsonl``, lines with ``MetricName``, ``Value`` and
    ``Dimensions``. Who starts the job adds Endpoint, MonitoringSchedule and the namespace (``aws/sagemaker/Endpoints/bias-metrics``,
    ``aws/sagemaker/Endpoints/explainability-metrics``).

Its ``analysis_config.json`` (the definition's ``ConfigUri``, as the input ``analysis_config``) needs neither ``dataset_type`` nor, for
bias, ``methods``. The exit message begins with ``Completed`` or ``CompletedWithViolations``, or says why the job failed.

The image also serves, as the explainer of an endpoint: a container beside the model's. Its contract is in `explainer`.

Sources: "Configure a SageMaker Clarify Processing Job", "Analysis Configuration Files", "Analysis Results" and the pages on bias drift
and feature attribution drift of the SageMaker developer guide; ``sagemaker.core.clarify`` of sagemaker-core 2.27.0. Read 2026-11-28.
The guide does not document the variables of an execution.

`analyze` is the program and `configuration` its settings. `datasets` reads tables and `captured` the data of endpoints. `predictor` is the
model's endpoint, with `payloads` for its requests and answers. `bias`, `shap_values` and `dependence` compute; `drift` compares with a
baseline; `cloudwatch` makes metrics. `report` is what a person reads, as `blocks`; `page`, with the drawings of `charts`, `notebook` and
`document`, in a process of its own, write it. `explainer` answers an endpoint's requests, with the settings of `explainer_config`, and asks
the `model_container`.
"""
