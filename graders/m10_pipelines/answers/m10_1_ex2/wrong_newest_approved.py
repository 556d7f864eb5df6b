"""The package that was approved last is live."""

# trips: live
# says: Is it deployed


def live_archive(endpoint: str) -> str:
    if not sagemaker.list_endpoints(NameContains=endpoint)["Endpoints"]:
        return "none"
    groups = sagemaker.list_model_package_groups(SortBy="CreationTime", SortOrder="Descending")["ModelPackageGroupSummaryList"]
    newest = sagemaker.list_model_packages(
        ModelPackageGroupName=groups[0]["ModelPackageGroupName"],
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )["ModelPackageSummaryList"][0]
    package = sagemaker.describe_model_package(ModelPackageName=newest["ModelPackageArn"])
    return package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
