"""CPUUtilization is a percentage."""

# trips: fitting
# says: 100 of `CPUUtilization` is one vCPU


def fitting(usage, now: str, types: dict) -> str:
    cpus = usage["CPUUtilization"].max() / 100 * types[now]["vcpus"] / 0.7
    memory = usage["MemoryUtilization"].max() / 100 * types[now]["gigabytes"] / 0.8
    enough = [name for name, each in types.items() if each["vcpus"] >= cpus and each["gigabytes"] >= memory]
    return min(enough, key=lambda name: types[name]["hour"], default=now)


def move(endpoint: str, instance_type: str) -> None:
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    old = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    variants = [each | {"InstanceType": instance_type} for each in old["ProductionVariants"]]
    kept = {"DataCaptureConfig": old["DataCaptureConfig"]} if "DataCaptureConfig" in old else {}
    name = aws.unique("moved")
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **kept)
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=name, RetainAllVariantProperties=True)
