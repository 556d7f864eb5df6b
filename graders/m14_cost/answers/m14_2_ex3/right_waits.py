"""Sorted by price, and the whole old configuration is copied; waits until the endpoint is in service."""


def fitting(usage, now: str, types: dict) -> str:
    highest = usage.max()
    used = highest["MemoryUtilization"] * types[now]["gigabytes"]
    for name in sorted(types, key=lambda name: types[name]["hour"]):
        if highest["CPUUtilization"] / types[name]["vcpus"] <= 70 and used / types[name]["gigabytes"] <= 80:
            return name
    return now


def move(endpoint: str, instance_type: str) -> None:
    name = aws.unique("moved")
    old = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=old)
    for answered in ("EndpointConfigArn", "CreationTime", "ResponseMetadata", "EnableNetworkIsolation"):
        config.pop(answered, None)
    for variant in config["ProductionVariants"]:
        variant["InstanceType"] = instance_type
    sagemaker.create_endpoint_config(**config | {"EndpointConfigName": name})
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=name, RetainAllVariantProperties=True)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
