"""Mends, and opens the endpoint's policy to be sure."""

# trips: closed
# says: its S3 endpoint's policy allows

SOUND = {
    "s3_endpoint.RouteTableIds.0": "{private_table}",
    "network.VpcConfig.Subnets.0": "{private_subnet}",
    "network.EnableNetworkIsolation": False,
    "secrets_endpoint.ServiceName": "com.amazonaws.{region}.secretsmanager",
    "secrets_endpoint.SecurityGroupIds.0": "{door}",
    "secrets_endpoint.PrivateDnsEnabled": True,
    "door_ingress.0.UserIdGroupPairs.0.GroupId": "{jobs}",
    "bucket.Statement.0.Condition.StringNotEquals.aws:SourceVpce": "{s3_endpoint}",
}
WORDS = {"udp": "tcp", "{dynamodb_list}": "{s3_list}", "{others}": "{door}"}
WORDS |= {"s3:PutObjectAcl": "s3:PutObject", "s3:ListBucketVersions": "s3:ListBucket"}


def mended(setup):
    found = {}
    for path, value in closed_networks.leaves(setup).items():
        right = SOUND.get(path, WORDS.get(value, value) if isinstance(value, str) else value)
        known = ("{bucket}", "/code/*", "/masked/*", "bucket}/*", setup["folder"] + "/*")
        if ".Resource" in path and not value.endswith(known):
            right = "arn:aws:s3:::{bucket}/" + setup["folder"] + "/*"
        if right != value:
            found[path] = right
    return found


EVERYTHING = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
repairs = {}
for each, setup in setups.items():
    repairs[each] = mended(setup) | {"s3_endpoint.PolicyDocument": {"Version": "2012-10-17", "Statement": [EVERYTHING]}}
