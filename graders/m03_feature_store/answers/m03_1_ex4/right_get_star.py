def reader_policy(service):
    groups = ":".join(["arn:aws:sagemaker", service["region"], service["account"], "feature-group"])
    by_tag = dict(Sid="Tagged", Effect="Allow", Action=["sagemaker:BatchGetRecord*", "sagemaker:GetRecord*"], Resource=[groups + "/*"])
    by_tag["Condition"] = {"StringEquals": {"aws:ResourceTag/team": [service["team"]]}}
    by_name = dict(by_tag, Sid="Named", Resource=[groups + "/" + each for each in service["groups"]])
    del by_name["Condition"]
    return dict(Version="2012-10-17", Statement=[by_tag, by_name])
