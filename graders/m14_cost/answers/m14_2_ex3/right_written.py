"""Counts and weights that the endpoint has now are written into the new configuration, and the metrics become shares of each type."""


def fitting(usage, now: str, types: dict) -> str:
    cpus = usage.CPUUtilization.max() / 100
    gigabytes = usage.MemoryUtilization.max() * types[now]["gigabytes"] / 100
    best = None
    for name, size in types.items():
        fits = cpus <= 0.7 * size["vcpus"] and gigabytes <= 0.8 * size["gigabytes"]
        if fits and (best is None or size["hour"] < types[best]["hour"]):
            best = name
    return best or now


def move(endpoint: str, instance_type: str) -> None:
    running = sagemaker.describe_endpoint(EndpointName=endpoint)
    old = sagemaker.describe_endpoint_config(EndpointConfigName=running["EndpointConfigName"])
    present = {each["VariantName"]: each for each in running["ProductionVariants"]}
    variants = []
    for each in old["ProductionVariants"]:
        there = present[each["VariantName"]]
        counts = {"InitialInstanceCount": there["CurrentInstanceCount"], "InitialVariantWeight": there["CurrentWeight"]}
        variants.append({**each, **counts, "InstanceType": instance_type})
    new = {"EndpointConfigName": aws.unique("moved"), "ProductionVariants": variants}
    if old.get("DataCaptureConfig"):
        new["DataCaptureConfig"] = old["DataCaptureConfig"]
    sagemaker.create_endpoint_config(**new)
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new["EndpointConfigName"])
