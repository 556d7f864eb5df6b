"""Probes by requests: nobody, not even the root user, reads files of this machine, another state folder or a grader's keys.

Each probe asks in one way, through boto3 or by a raw request, and gets an error or its own data. `World.seen` looks for the secrets in all
that comes back. `test_job_probes` has those by jobs, models and functions.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from botocore.config import Config

from tests.localaws import athena_queries
from tests.localaws.boto_clients import session_with_keys
from tests.localaws.iam.callers import allow, document
from tests.localaws.probes.world import BUCKET, CALLERS, UP, Reply, World, answer

everybody = pytest.mark.parametrize("caller", CALLERS)


# Keys of S3. ``{path}`` is the absolute path of a secret file without its first slash.

KEYS = {
    "up": UP + "{path}",
    "up after a folder": "data/" + UP + "{path}",
    "absolute": "/{path}",
    "two slashes": "//{path}",
    "encoded up": quote(UP, safe="").replace(".", "%2e") + "{path}",
    "encoded slashes": UP.replace("/", "%2f") + "{path}",
    "encoded twice": UP.replace("../", "%252e%252e%252f") + "{path}",
    "backslashes": UP.replace("/", "\\") + "{path}",
    "a URL": "file:///{path}",
    "a null byte": "{path}\0",
    "dots of another width": UP.replace(".", "\uff0e") + "{path}",
}


@everybody
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_is_no_path_of_this_machine(world: World, key: str, caller: str) -> None:
    s3 = world.client(caller, "s3")
    for path in world.places.values():
        named = key.format(path=str(path)[1:])
        assert not world.seen(answer(s3.get_object, Bucket=BUCKET, Key=named))
        assert not world.seen(answer(s3.copy_object, Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/{named}"))
    assert not world.seen(answer(s3.get_object, Bucket=BUCKET, Key="copy"))


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_an_object_of_such_a_key_is_no_file_there(world: World, key: str) -> None:
    s3 = world.client("root", "s3")
    before = world.file.read_bytes()
    named = key.format(path=str(world.file)[1:])
    answer(s3.put_object, Bucket=BUCKET, Key=named, Body=b"mine")
    answer(s3.delete_object, Bucket=BUCKET, Key=named)
    assert world.file.read_bytes() == before


PATHS = {
    "up": "/{bucket}/{up}{path}",
    "up from the root": "/{up}{path}",
    "encoded up": "/{bucket}/{encoded}{path}",
    "a bucket that is up": "/..%2f..%2f{path}",
    "a bucket that is dots": "/../{path}",
    "two slashes": "//{path}",
    "a control path": "/_localaws/../{path}",
}


@everybody
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_a_path_that_no_sdk_sends_reads_no_file(world: World, path: str, caller: str) -> None:
    for place in world.places.values():
        sent = path.format(bucket=BUCKET, up=UP, encoded=quote(UP, safe=""), path=str(place)[1:])
        for method in ("GET", "HEAD"):
            reply = world.signed(caller, method, sent)
            assert reply.status >= 400 and "SignatureDoesNotMatch" not in reply.text
            assert not world.seen(reply)


@everybody
@pytest.mark.parametrize("name", ["VersionId", "UploadId"])
def test_ids_are_no_paths(world: World, name: str, caller: str) -> None:
    s3 = world.client(caller, "s3")
    s3.put_object(Bucket=BUCKET, Key="own", Body=b"own")
    for place in world.places.values():
        ask = {"VersionId": s3.get_object, "UploadId": s3.list_parts}[name]
        assert answer(ask, Bucket=BUCKET, Key="own", **{name: f"{UP}{place}"}).startswith("refused")


# Presigned URLs


@pytest.fixture(scope="module")
def own(world: World) -> None:
    """An object that the user may read, and one that the user may not."""
    world.jobs.put("shared/open", "open words")
    world.jobs.put("closed/secret", world.secrets[0])


class PresigningUser:
    """A user who may read and write ``shared/`` only. ``user("get_object", "shared/open")`` is a presigned URL."""

    def __init__(self, world: World, signature: str) -> None:
        self._iam, self.name, self._here = world.jobs.client("iam"), world.jobs.name("presigner"), True
        self._iam.create_user(UserName=self.name)
        policy = document(allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{BUCKET}/shared/*"))
        self._iam.put_user_policy(UserName=self.name, PolicyName="own", PolicyDocument=policy)
        self._key = self._iam.create_access_key(UserName=self.name)["AccessKey"]
        session = session_with_keys(self._key["AccessKeyId"], self._key["SecretAccessKey"])
        self._s3 = session.client("s3", endpoint_url=world.handle.endpoint, config=Config(signature_version=signature))

    def __call__(self, operation: str, key: str, seconds: int = 600) -> str:
        return self._s3.generate_presigned_url(operation, Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=seconds)

    def revoke(self) -> None:
        """Delete the user, once."""
        if self._here:
            self._here = False
            self._iam.delete_access_key(UserName=self.name, AccessKeyId=self._key["AccessKeyId"])
            self._iam.delete_user_policy(UserName=self.name, PolicyName="own")
            self._iam.delete_user(UserName=self.name)


@pytest.fixture(params=["s3v4", "s3"])  # the two versions of signatures
def user(request: pytest.FixtureRequest, world: World, own: None) -> Iterator[PresigningUser]:
    made = PresigningUser(world, request.param)
    yield made
    made.revoke()


def changed_path(world: World, user: PresigningUser) -> Reply:
    return world.send("GET", user("get_object", "shared/open").replace("shared/open", "closed/secret"))


def changed_path_by_dots(world: World, user: PresigningUser) -> Reply:
    return world.send("GET", user("get_object", "shared/open").replace("shared/open", "shared/../closed/secret"))


def path_that_the_user_may_not_read(world: World, user: PresigningUser) -> Reply:
    return world.send("GET", user("get_object", "closed/secret"))


def dots_that_the_user_may_read(world: World, user: PresigningUser) -> Reply:
    return world.send("GET", user("get_object", "shared/../closed/secret"))


def other_method(world: World, user: PresigningUser) -> Reply:
    return world.send("PUT", user("get_object", "shared/open"), body=b"changed")


def other_method_to_read(world: World, user: PresigningUser) -> Reply:
    return world.send("GET", user("put_object", "shared/open"))


def expired(world: World, user: PresigningUser) -> Reply:
    url = user("get_object", "shared/open", seconds=1)
    time.sleep(2.1)  # the gateway compares signatures, which clients make, with this machine's time
    return world.send("GET", url)


def longer_than_signed(world: World, user: PresigningUser) -> Reply:
    url = user("get_object", "shared/open", seconds=60)
    longer = re.sub(r"Expires=(\d+)", lambda found: f"Expires={int(found[1]) + 600}", url)
    assert longer != url
    return world.send("GET", longer)


def revoked_user(world: World, user: PresigningUser) -> Reply:
    url = user("get_object", "shared/open")
    user.revoke()
    return world.send("GET", url)


def other_bucket(world: World, user: PresigningUser) -> Reply:
    return world.send("GET", user("get_object", "shared/open").replace(f"/{BUCKET}/", "/other-bucket/"))


def without_a_signature(world: World, user: PresigningUser) -> Reply:
    return world.send("GET", user("get_object", "shared/open").partition("?")[0])


PRESIGNED = [
    changed_path,
    changed_path_by_dots,
    path_that_the_user_may_not_read,
    dots_that_the_user_may_read,
    other_method,
    other_method_to_read,
    expired,
    longer_than_signed,
    revoked_user,
    other_bucket,
    without_a_signature,
]


@pytest.mark.parametrize("probe", PRESIGNED, ids=lambda probe: probe.__name__)
def test_a_presigned_url_gives_only_what_was_signed(
    world: World, user: PresigningUser, probe: Callable[[World, PresigningUser], Reply]
) -> None:
    reply = probe(world, user)
    assert reply.status in (400, 403, 404), reply
    assert "open words" not in reply.text and not world.seen(reply)
    assert world.jobs.get(f"s3://{BUCKET}/shared/open") == b"open words"


def test_an_untouched_presigned_url_works(world: World, user: PresigningUser) -> None:
    """So the refusals above are not those of URLs that never worked."""
    reply = world.send("GET", user("get_object", "shared/open"))
    assert (reply.status, reply.text) == (200, "open words")


# Logs

NAMES = {"up": f"/{UP}{{path}}", "absolute": "{path}", "up in the middle": f"aws/{UP}{{path}}"}


@everybody
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_log_group_or_stream_is_no_file(world: World, name: str, caller: str) -> None:
    logs = world.client(caller, "logs")
    before = sorted(path.name for path in world.folder.iterdir())
    for place in (world.file, world.folder / "new-file"):
        named = name.format(path=place)
        for group, stream in ((named, "stream"), ("/probes", named)):
            answer(logs.create_log_group, logGroupName=group)
            answer(logs.create_log_stream, logGroupName=group, logStreamName=stream)
            event = {"timestamp": 1, "message": "mine"}
            answer(logs.put_log_events, logGroupName=group, logStreamName=stream, logEvents=[event])
            assert not world.seen(answer(logs.get_log_events, logGroupName=group, logStreamName=stream))
            assert not world.seen(answer(logs.filter_log_events, logGroupName=group))
    assert sorted(path.name for path in world.folder.iterdir()) == before


# Queries

QUERIES = {
    "a file as a table": "SELECT * FROM '{path}'",
    "a quoted file as a table": 'SELECT * FROM "{path}"',
    "read_text": "SELECT * FROM read_text('{path}')",
    "read_csv": "SELECT * FROM read_csv('{path}')",
    "read_blob": "SELECT content FROM read_blob('{path}')",
    "glob": "SELECT * FROM glob('{folder}/*')",
    "sniff": "SELECT * FROM sniff_csv('{path}')",
    "attach": "ATTACH '{path}' AS other",
    "copy": "COPY (SELECT * FROM read_text('{path}')) TO '{folder}/copied'",
    "the environment": "SELECT getenv('HOME')",
    "unload to a file": "UNLOAD (SELECT 1) TO 'file://{folder}/unloaded' WITH (format = 'PARQUET')",
}


@everybody
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_reads_no_file(world: World, query: str, caller: str) -> None:
    athena = world.client(caller, "athena")
    for place in (world.file, world.places["the own keys.json"]):
        text = query.format(path=place, folder=world.folder)
        assert not world.seen(answer(_queried, athena=athena, text=text))
    assert not {"copied", "unloaded"} & {path.name for path in world.folder.iterdir()}


def _queried(athena, text: str) -> object:
    found = athena_queries.run(athena, text, f"s3://{BUCKET}/queries/")
    assert found["Status"]["State"] == "FAILED", found
    return found


LOCATIONS = {"a URL": "file://{folder}/", "a path": "{folder}/", "up": f"s3://{BUCKET}/{UP}{{folder}}/", "no bucket": "s3:///{folder}/"}


@everybody
@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
def test_a_table_is_no_folder_of_this_machine(world: World, location: str, caller: str) -> None:
    athena, glue = world.client(caller, "athena"), world.client(caller, "glue")
    database = world.jobs.name("probes").replace("-", "_")
    glue.create_database(DatabaseInput={"Name": database})
    storage = {
        "Columns": [{"Name": "line", "Type": "string"}],
        "Location": location.format(folder=world.folder),
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"},
    }
    table = {"Name": "files", "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage, "Parameters": {"classification": "csv"}}
    answer(glue.create_table, DatabaseName=database, TableInput=table)
    found = athena_queries.run(athena, f"SELECT * FROM {database}.files", f"s3://{BUCKET}/queries/")
    assert not world.seen(found)
    if found["Status"]["State"] == "SUCCEEDED":
        assert not world.seen(athena_queries.lines(athena, found))
