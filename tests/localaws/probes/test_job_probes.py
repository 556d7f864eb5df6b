"""Probes by programs: no job, model or function reads files of this machine, another state folder or a grader's keys.

The role of the jobs may do everything. `World.seen` looks for the secrets in descriptions, logs and stored objects. Without user namespaces
(macOS) the programs of jobs see this machine, so these probes are of namespace mode.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from course.sandbox.box import best_mode
from tests.localaws.awslambda import programs
from tests.localaws.probes.world import ACCOUNT, BUCKET, UP, World, links
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SCRIPT, EndpointFixtures, fixtures_of
from tests.localaws.sagemaker.job_fixtures import processing_input, processing_output

ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:role/Administrator"  # SageMaker may assume it, so a job can have all rights

BY_DAY = ("a training program that opens files", "an input's S3Uri goes up", "an output has links", "a symbolic link")

pytestmark = pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24")

READER = """
import json
found = {}
for path in json.loads(PATHS):
    try:
        found[path] = open(path, "rb").read().decode(errors="replace")
    except OSError as error:
        found[path] = type(error).__name__
print("found", json.dumps(found))
"""
# Prints the files of the working folder, or of the folders of a processing job.
SHOW = b"import os\nfor name in sorted(os.listdir('.')):\n    print('found', name, open(name).read() if os.path.isfile(name) else '')\n"
SHOW_ALL = textwrap.dedent("""
    import os
    for folder, _, names in os.walk("/opt/ml/processing"):
        for name in names:
            print("found", name, open(os.path.join(folder, name), "rb").read())
""")
OUT = "/opt/ml/processing/out"


def reader(world: World) -> str:
    """A program that prints what is in each secret place, and in what the kernel shows of the local AWS's process."""
    pid = world.handle.pid
    paths = [*map(str, world.places.values()), f"/proc/{pid}/environ", f"/proc/{pid}/root{world.file}", f"/proc/1/root{world.file}"]
    return READER.replace("PATHS", repr(json.dumps(paths)))


def in_the_night(probes: dict[str, Callable]) -> list:
    """Parameters, of which only those of `BY_DAY` run by day."""
    return [pytest.param(probe, id=name, marks=() if name in BY_DAY else pytest.mark.nightly) for name, probe in probes.items()]


# Each of these runs a job and returns all that it shows: its description, its log and what it stored; or why its request was refused.


def train(world: World, **changes: object) -> str:
    name = world.jobs.name("probe")
    try:
        world.jobs.train(name, RoleArn=ADMINISTRATOR, **changes)
    except ClientError as error:
        return f"refused: {error}"
    return f"{world.jobs.trained(name)} {world.jobs.lines(name, notes=True)} {stored(world, f'out/{name}/')}"


def submit(world: World, *members: tuple[str, str | bytes], program: str = "train.py") -> str:
    """A training job in script mode with a sourcedir.tar.gz of these members (`links`)."""
    source = world.jobs.put(f"code/{world.jobs.name('source')}/sourcedir.tar.gz", links(members))
    return train_from(world, source, program)


def train_from(world: World, source: str, program: str = "train.py") -> str:
    return train(world, HyperParameters={"sagemaker_program": json.dumps(program), "sagemaker_submit_directory": json.dumps(source)})


def process(world: World, code: str = SHOW_ALL, **changes: object) -> str:
    name = world.jobs.name("probe")
    if "path" in changes:
        output = processing_output("out", f"s3://{BUCKET}/{name}/out", str(changes.pop("path")))
        changes["ProcessingOutputConfig"] = {"Outputs": [output]}
    try:
        world.jobs.process(code, ProcessingJobName=name, RoleArn=ADMINISTRATOR, **changes)
    except ClientError as error:
        return f"refused: {error}"
    return f"{world.jobs.processed(name)} {world.jobs.lines(name, 'ProcessingJobs', notes=True)} {stored(world, f'{name}/')}"


def process_input(world: World, uri: str, path: str) -> str:
    return process(world, ProcessingInputs=[processing_input("up", uri, path)])


def stored(world: World, prefix: str) -> str:
    """The bodies of what a job stored, archives unpacked."""
    uris = [f"s3://{BUCKET}/{key}" for key in world.jobs.keys(prefix)]
    return " ".join(str(world.jobs.archive(uri) if uri.endswith(".tar.gz") else world.jobs.get(uri)) for uri in uris)


JOBS: dict[str, Callable[[World], str]] = {
    "a training program that opens files": lambda world: submit(world, ("train.py", reader(world).encode())),
    "a processing program that opens files": lambda world: process(world, reader(world)),
    "the entry point is cat": lambda world: train(world, entrypoint=["cat", *map(str, world.places.values())]),
    "the entry point goes up": lambda world: train(world, entrypoint=["cat", f"/opt/ml/{UP}{world.file}"]),
    "the entry point is a file": lambda world: train(world, entrypoint=[str(world.file)]),
    "the entry point of a processing job is cat": lambda world: process(
        world, AppSpecification={"ContainerEntrypoint": ["cat", *map(str, world.places.values())]}
    ),
    "the program's name goes up": lambda world: submit(world, ("train.py", SHOW), program=UP + str(world.file)),
    "the code is a file's URL": lambda world: train_from(world, f"file://{world.file}"),
    "the code is a path": lambda world: train_from(world, str(world.folder), world.file.name),
    "the code's URI goes up": lambda world: train_from(world, f"s3://{BUCKET}/{UP}{world.file}"),
    "an input's S3Uri goes up": lambda world: process_input(world, f"s3://{BUCKET}/{UP}{world.folder}", "/opt/ml/processing/up"),
    "an input's bucket goes up": lambda world: process_input(world, f"s3://{UP}{world.folder}", "/opt/ml/processing/up"),
    "an input's LocalPath goes up": lambda world: process_input(world, f"s3://{BUCKET}/own/", f"/opt/ml/processing/{UP}{world.folder}"),
    "an input's LocalPath is elsewhere": lambda world: process_input(world, f"s3://{BUCKET}/own/", str(world.folder)),
    "an output's LocalPath goes up": lambda world: process(world, path=f"/opt/ml/processing/{UP}{world.folder}"),
    "an output's LocalPath is elsewhere": lambda world: process(world, path=str(world.folder)),
    "an output has links": lambda world: process(
        world,
        f"import os\nos.makedirs({OUT!r}, exist_ok=True)\nos.symlink({str(world.file)!r}, {OUT!r} + '/file')\n"
        f"os.symlink({str(world.folder)!r}, {OUT!r} + '/folder')",
        path=OUT,
    ),
    "an output's folder is a link": lambda world: process(
        world, f"import os\nos.rmdir({OUT!r})\nos.symlink({str(world.folder)!r}, {OUT!r})", path=OUT
    ),
    "a model is a link": lambda world: submit(
        world, ("train.py", f"import os\nos.symlink({str(world.file)!r}, '/opt/ml/model/model')".encode())
    ),
    "code with a symbolic link": lambda world: submit(world, ("train.py", SHOW), ("link", str(world.file))),
    "code with a symbolic link that goes up": lambda world: submit(world, ("train.py", SHOW), ("link", UP + str(world.file))),
    "code with a hard link": lambda world: submit(world, ("train.py", SHOW), ("link", f"={world.file}")),
    "code with a folder that is a link": lambda world: submit(
        world, ("train.py", SHOW), ("all", str(world.folder)), ("all/written", b"written")
    ),
    "code whose program is a link": lambda world: submit(world, ("train.py", str(world.file))),
    "code with an absolute member": lambda world: submit(world, ("train.py", SHOW), (f"{world.folder}/written", b"written")),
    "code with a member that goes up": lambda world: submit(world, ("train.py", SHOW), (f"{UP}{world.folder}/written", b"written")),
}


@pytest.fixture(autouse=True)
def unwritten(world: World):
    """No probe writes outside, either."""
    before = sorted(path.name for path in world.folder.iterdir())
    yield
    assert sorted(path.name for path in world.folder.iterdir()) == before


@pytest.fixture(scope="module", autouse=True)
def objects(world: World) -> None:
    world.jobs.put("own/data.txt", "own data")


@pytest.mark.parametrize("probe", in_the_night(JOBS))
def test_a_job_reads_no_file_of_this_machine(world: World, probe: Callable[[World], str]) -> None:
    assert not world.seen(probe(world))


def test_what_a_job_shows_is_seen(world: World) -> None:
    """So the probes above would notice a secret: in a log, in an archive and in a stored object."""
    word = world.secrets[0]
    assert world.seen(submit(world, ("train.py", SHOW), ("own", word.encode())))
    assert world.seen(submit(world, ("train.py", f"open('/opt/ml/model/model', 'w').write({word!r})".encode())))
    code = f"import os\nos.makedirs({OUT!r}, exist_ok=True)\nopen({OUT!r} + '/file', 'w').write({word!r})"
    assert world.seen(process(world, code, path=OUT))


# Models and functions

SERVE = """
import os
def model_fn(folder):
    found = []
    for path in [*PATHS, *(os.path.join(where, name) for where, _, names in os.walk("/opt/ml/model", followlinks=True) for name in names)]:
        try:
            found.append(open(path, "rb").read())
        except OSError as error:
            found.append(type(error).__name__)
    return found
def transform_fn(model, data, content_type, accept):
    return "found " + str(model), "text/plain"
"""
MODELS: dict[str, Callable[[World], tuple[tuple[str, str | bytes], ...]]] = {
    "a program that opens files": lambda world: (),
    "a symbolic link": lambda world: (("link", str(world.file)),),
    "a symbolic link that goes up": lambda world: (("link", UP + str(world.file)),),
    "a hard link": lambda world: (("link", f"={world.file}"),),
    "a folder that is a link": lambda world: (("all", str(world.folder)), ("all/written", b"written")),
    "an absolute member": lambda world: ((f"{world.folder}/written", b"written"),),
    "a member that goes up": lambda world: ((f"{UP}{world.folder}/written", b"written"),),
}


@pytest.mark.parametrize("members", in_the_night(MODELS))
def test_a_model_reads_no_file_of_this_machine(world: World, members: Callable[[World], tuple]) -> None:
    said = served(world, *members(world))
    assert "found" in said or "Failed" in said
    assert not world.seen(said)


def test_what_a_model_shows_is_seen(world: World) -> None:
    assert world.seen(served(world, ("own", world.secrets[0].encode())))


def served(world: World, *members: tuple[str, str | bytes]) -> str:
    """All that an endpoint with these members in its model.tar.gz shows: its description, its answer and its log."""
    hosting: EndpointFixtures = fixtures_of(world.handle)
    code = SERVE.replace("PATHS", repr([str(path) for path in world.places.values()]))
    try:
        model = hosting.model(links([("code/inference.py", code.encode()), *members]), environment=SCRIPT)
        name = hosting.create(hosting.config({"ModelName": model}))
        described = hosting.settled(name)
        answer = hosting.invoke(name) if described["EndpointStatus"] == "InService" else ""
        return f"{described} {answer} {hosting.log(name) if answer else ''}"
    finally:
        hosting.close()


def test_a_function_reads_no_file_of_this_machine(world: World) -> None:
    client = world.jobs.client
    programs.make_role(client)
    code = "def handler(event, context):\n" + textwrap.indent(reader(world), "    ")
    programs.create(client, "probe", code)
    answer = programs.invoke(client, "probe")
    assert "found" in answer["LogResult"]
    assert not world.seen(f"{answer} {programs.log(client, 'probe')}")
