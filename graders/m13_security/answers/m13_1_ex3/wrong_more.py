"""Mends, and widens the identity policy to be sure."""

# trips: smallest
# says: more than the fault

SERVER = "s3:x-amz-server-side-encryption"
RULES = {
    "boundary": {"aws:RequestedRegion": "{region}", "kms:Encrypt": "kms:GenerateDataKey", "s3:PutObjectAcl": "s3:PutObject"},
    "bucket": {"aws:SecureTransport": "false", "aws:PrincipalArn": "{role}", SERVER: "aws:kms", SERVER + "-aws-kms-key-id": "{key}"},
    "key": {"kms:ViaService": "s3.{region}.amazonaws.com", "AWS": "{role}", "kms:DescribeKey": "kms:Decrypt"},
}


def mended(setup):
    folder = setup["object"].split("/")[0]
    found = {}
    for path, value in broken_access.leaves(setup).items():
        place, _, rest = path.partition(".")
        if place not in RULES:
            continue
        number = int(rest.split(".")[1]) if rest.startswith("Statement.") else None
        if place == "key" and (number is None or "kms:PutKeyPolicy" in setup["key"]["Statement"][number]["Action"]):
            continue
        rules = RULES[place]
        right = rules.get(value, rules.get(path.split(".")[-1], value))
        if place != "bucket" and value.startswith("arn:aws:s3:::"):
            right = "arn:aws:s3:::{bucket}/" + folder + "/*"
        if right != value:
            found[path] = right
    return found


repairs = {name: mended(setup) | {"identity.Statement.0.Action.1": "*"} for name, setup in setups.items()}
