"""Topic models with the estimators of the SageMaker Python SDK v2: train, serve and tune."""

import json
import time

import numpy as np
from sagemaker import LDA, NTM, Session, get_execution_role
from sagemaker.deserializers import JSONDeserializer
from sagemaker.serializers import CSVSerializer
from sagemaker.tuner import HyperparameterTuner, IntegerParameter

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.5))  # the SDK looks every 5 to 30 s

session, role = Session(), get_execution_role()
shared = {"role": role, "instance_count": 1, "instance_type": "ml.m5.large", "sagemaker_session": session}
random = np.random.default_rng(0)
about = np.arange(200) % 2
counts = np.float32([random.multinomial(30, np.repeat([1 - topic, topic], 3) / 3) for topic in about])


def separated(weights):
    """Whether the main topic of a document says what it is about."""
    main = np.argmax(weights, axis=1)
    return bool(abs(np.corrcoef(main, about[: len(main)])[0, 1]) > 0.99)


lda = LDA(num_topics=2, alpha0=0.2, max_restarts=2, **shared)
records = lda.record_set(counts)
lda.fit(records, mini_batch_size=200)
predictor = lda.deploy(1, "ml.m5.large", endpoint_name=f"lda-{int(time.time())}")
protobuf = [record.label["topic_mixture"].float32_tensor.values for record in predictor.predict(counts[:10])]
predictor.serializer, predictor.deserializer = CSVSerializer(), JSONDeserializer()
plain = [prediction["topic_mixture"] for prediction in predictor.predict(counts[:10])["predictions"]]
predictor.delete_endpoint()

tuner = HyperparameterTuner(lda, "test:pwll", {"num_topics": IntegerParameter(1, 2)}, max_jobs=2, max_parallel_jobs=2)
tuner.fit([records, lda.record_set(counts[:50], channel="test")], mini_batch_size=200)
tuner.wait()

ntm = NTM(
    num_topics=2, encoder_layers=[8], optimizer="adam", learning_rate=0.05, epochs=20, num_patience_epochs=10, batch_norm=True, **shared
)
ntm.fit(ntm.record_set(counts), mini_batch_size=20)
predictor = ntm.deploy(1, "ml.m5.large", endpoint_name=f"ntm-{int(time.time())}")
weights = [record.label["topic_weights"].float32_tensor.values for record in predictor.predict(counts[:10])]
predictor.delete_endpoint()

print()
print(
    json.dumps(
        {
            "lda": separated(protobuf) and separated(plain) and bool(np.allclose(protobuf, plain, atol=1e-4)),
            "tuned": session.describe_tuning_job(tuner.latest_tuning_job.name)["HyperParameterTuningJobStatus"],
            "ntm": separated(weights),
        }
    )
)
