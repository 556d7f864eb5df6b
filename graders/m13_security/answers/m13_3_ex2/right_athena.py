"""Asks Athena for the sessions, and then for the pairs."""


def reached(place: str, access_key: str) -> list:
    name = incident.table(aws, place)
    child = "json_extract_scalar(responseelements, '$.credentials.accessKeyId')"
    sql = f"SELECT useridentity.accesskeyid AS parent, {child} AS child FROM {name} WHERE eventname = 'AssumeRole' AND errorcode IS NULL"
    opened = incident.query(aws, sql)
    keys, before = {access_key}, set()
    while keys != before:
        before = set(keys)
        keys |= set(opened.child[opened.parent.isin(keys)])
    listed = ", ".join(f"'{key}'" for key in sorted(keys))
    rows = incident.query(
        aws,
        f"""SELECT DISTINCT eventname, resource.arn FROM {name} CROSS JOIN UNNEST(resources) AS t(resource)
        WHERE useridentity.accesskeyid IN ({listed}) AND errorcode IS NULL AND resource.type = 'AWS::S3::Object'
        AND eventname IN ('GetObject', 'HeadObject', 'PutObject', 'DeleteObject')""",
    )
    return rows.to_numpy().tolist()
