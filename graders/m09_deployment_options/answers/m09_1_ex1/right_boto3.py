def serve(artifact, hour):
    name = aws.unique("hour")
    container = {"Image": image, "ModelDataUrl": artifact}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=aws.role, PrimaryContainer=container)
    variant = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    if hour["seconds"] + hour["cold_seconds"] <= hour["patience"]:
        for megabytes in range(1024, 6145, 1024):
            if megabytes >= hour["model_mb"]:
                if hour["requests"] * hour["seconds"] * megabytes / 1024 * GB_SECOND < INSTANCE:
                    size = {"MemorySizeInMB": megabytes, "MaxConcurrency": hour["at_once"]}
                    variant = {"VariantName": "Live", "ModelName": name, "ServerlessConfig": size}
                break
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)
    return name
