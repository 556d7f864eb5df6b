def training_request(name: str, train: str, validation: str, rounds: int) -> dict:
    request = base_request(name, [channel("train", train), channel("validation", validation)], {"num_round": str(rounds), "eta": "0.1"})
    return request | {"ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}}
