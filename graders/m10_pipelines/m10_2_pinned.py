"""What a learner's `pin` makes of definitions whose objects are elsewhere, and change (m10_2_ex1)."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, Report

from .m10_1_live import IMAGE
from .m10_1_runs import Run, pipeline_deleted, start
from .m10_2_steps import SKLEARN, bucket, get, output_of, own_folder, processing_step, role_of, training_step

PINNED = "m10_2/pinned/"  # where the text asks for the copies, in the lesson's bucket
WANTED = re.compile(rf"s3://sagemaker-[^/]+/{PINNED}.+")
OLD = b"what was here last year"  # the content of neighbours
PREPARE = """\
import os

files = [os.path.join(folder, name) for folder, _, names in os.walk("/opt/ml/processing/flights") for name in names]
if not files:
    raise SystemExit("There is no file of flights.")
os.makedirs("/opt/ml/processing/train", exist_ok=True)
with open("/opt/ml/processing/train/rows.csv", "w") as rows:
    rows.writelines(open(name).read() for name in sorted(files))
"""
TRAIN = """\
import os

print(os.listdir("/opt/ml/input/data/sm_drivers"))
open("/opt/ml/model/model", "w").write("a model")
"""

Label = tuple[str, str]  # of a step, and of its input or channel


@dataclass(frozen=True)
class Source:
    """What an input or a channel reads: some files below a folder, or one object.

    Attributes
    ----------
    files : dict
        Name within the folder -> content.
    is_object : bool
        The address is that of the one file.
    """

    files: dict[str, bytes]
    is_object: bool = False

    def key(self, folder: str) -> str:
        """Where it is, if its files are stored in ``folder``."""
        return f"{folder}/{next(iter(self.files))}" if self.is_object else folder


@dataclass(frozen=True)
class Case:
    """A definition and its objects.

    Attributes
    ----------
    sources : dict
        What each input or channel with an address reads.
    changes : dict
        How some of them change later: a key of `CHANGES`.
    rows : int
        A number in the definition that must stay.
    joined : bool
        Whether Processing steps have an input whose address is a `Std:Join`, besides one whose address is a parameter.
    """

    sources: dict[Label, Source]
    changes: dict[Label, str]
    rows: int
    joined: bool = False

    def changed(self) -> dict[Label, Source]:
        """What the sources that change are afterwards."""
        return {label: CHANGES[kind][0](self.sources[label]) for label, kind in self.changes.items()}

    def run_again(self) -> set[str]:
        """The steps that may not take their results from the cache after the changes."""
        steps = {step for step, _ in self.changes}
        return steps | ({"Train"} if "Prepare" in steps else set())


@dataclass(frozen=True)
class Place:
    """A folder of a bucket in which the sources of a case are stored, each in a folder of its own.

    Attributes
    ----------
    bucket, folder : str
    suffix : str
        Ends the name of each source's folder.
    """

    bucket: str
    folder: str
    suffix: str = ""

    def key(self, label: Label) -> str:
        """The folder of a source."""
        return f"{self.folder}/{label[0].lower()}/{label[1]}{self.suffix}"

    def store(self, s3: Any, label: Label, source: Source) -> None:
        """Store a source instead of what is there, and neighbours whose keys begin as those of the source do."""
        folder = self.key(label)
        for each in s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{folder}/").get("Contents", ()):
            s3.delete_object(Bucket=self.bucket, Key=each["Key"])
        beside = [f"{source.key(folder)}.bak", f"{folder}/notes.txt"] if source.is_object else [f"{folder}-old/part-0.csv", f"{folder}.bak"]
        objects = {f"{folder}/{name}": content for name, content in source.files.items()} | dict.fromkeys(beside, OLD)
        for key, content in objects.items():
            s3.put_object(Bucket=self.bucket, Key=key, Body=content)


def practice_case(rng: random.Random) -> Case:
    """Two steps, as version 3 of the SDK makes them."""
    return Case(
        {
            ("Prepare", "flights"): Source({"january.csv": _rows(rng), "more/february.csv": _rows(rng), "more/march.csv": _rows(rng)}),
            ("Prepare", "code"): _script(rng),
            ("Train", "code"): Source({"train.py": TRAIN.encode() + _comment(rng), "parts/rows.py": _comment(rng)}),
            ("Train", "sm_drivers"): Source({"sm_train.sh": _comment(rng), "scripts/a.py": _comment(rng), "scripts/b.py": _comment(rng)}),
        },
        {("Prepare", "flights"): "move", ("Prepare", "code"): "content", ("Train", "code"): "rename", ("Train", "sm_drivers"): "swap"},
        rng.randint(1_000, 9_999),
    )


def unseen_case(rng: random.Random) -> Case:
    """Three steps. Of the Processing steps one runs again after the changes, and the other is reused. Both have the same script."""
    script = _script(rng)
    months = [f"month={month}/part-0.csv" for month in rng.sample(range(1, 13), 3)]
    first, second = rng.sample(["Prepare", "Check"], 2)
    folders = rng.sample(["move", *rng.sample(["content", "rename", "swap"], 2)], 3)
    changes = {(first, "flights"): folders[0], ("Train", "code"): folders[1], ("Train", "sm_drivers"): folders[2]}
    return Case(
        {
            ("Train", "sm_drivers"): Source({f"a/b/{name}.py": _comment(rng) for name in ("one", "two", "three")}),
            ("Train", "code"): Source({"train.py": TRAIN.encode() + _comment(rng), "x/lib.py": _comment(rng), "y/lib.py": _comment(rng)}),
            (first, "flights"): Source({month: _rows(rng) for month in months}),
            (first, "code"): script,
            (second, "flights"): Source({f"flights-{rng.randint(10, 99)}.csv": _rows(rng)}, is_object=True),
            (second, "code"): script,
        },
        changes,
        rng.randint(1_000, 9_999),
        joined=True,
    )


def _rows(rng: random.Random) -> bytes:
    return f"{rng.randint(0, 1)},{rng.randrange(10**9)}\n".encode()


def _comment(rng: random.Random) -> bytes:
    return f"# {rng.randrange(10**9)}\n".encode()


def _script(rng: random.Random) -> Source:
    return Source({"prepare.py": PREPARE.encode() + _comment(rng)}, is_object=True)


def _other_content(source: Source) -> Source:
    """The last digit of the first file is another one."""
    name, content = next(iter(source.files.items()))
    digit = (int(content[-2:-1]) + 1) % 10
    return replace(source, files=source.files | {name: content[:-2] + f"{digit}\n".encode()})


def _renamed(source: Source) -> Source:
    *others, (name, content) = source.files.items()
    folder, _, file = name.rpartition("/")
    return replace(source, files=dict(others) | {f"{folder}/new-{file}".lstrip("/"): content})


def _swapped(source: Source) -> Source:
    *_, first, second = source.files
    return replace(source, files=source.files | {first: source.files[second], second: source.files[first]})


def _moved(source: Source) -> Source:
    *others, (name, content) = source.files.items()
    return replace(source, files=dict(others) | {f"elsewhere/{name.rpartition('/')[2]}": content})


# How the objects of a source change under their old address, and the question for a `pin` that does not see it.
CHANGES = {
    "content": (_other_content, "one object has another content of the same size. What of the content is in your address?"),
    "rename": (_renamed, "one object has another name. Would the script find it?"),
    "swap": (_swapped, "two objects have swapped their contents. Does your address say which content belongs to which name?"),
    "move": (_moved, "one object is in another folder within it. Which part of its name is in your address?"),
}


def judge_pin(answer: Answer, report: Report, name: str, case: Case) -> None:
    """Pin a definition, the same with its objects elsewhere, and the first again after changes; then run all three.

    Parameters
    ----------
    name : str
        Of a bucket and of a pipeline that do not exist yet.
    """
    s3, role = answer.client("s3"), role_of(answer)
    here, elsewhere = Place(name, "first"), Place(name, "moved/again", ".2")
    with bucket(s3, name), _copies_deleted(s3), pipeline_deleted(answer, name):
        s3.put_object(Bucket=name, Key="static/airports.csv", Body=OLD)
        for label, source in case.sources.items():
            here.store(s3, label, source)
        definition = json.dumps(_definition(case, here, role))
        first = _judge_first(answer, report, case, f"s3://{name}", definition)
        if not first:
            return
        time.sleep(1)  # listings show whole seconds: the times of the objects elsewhere shall differ
        for label, source in reversed(case.sources.items()):
            elsewhere.store(s3, label, source)
        again = _pinned(answer, report, json.dumps(_definition(case, elsewhere, role)))
        when, suspects = (
            "For the same names and contents elsewhere",
            "its old address (whose last part has a dot now), a time, or a neighbour",
        )
        if not again or not _are_the_same(report, case.sources, first, again, when, suspects):
            return
        for label, source in case.changed().items():
            here.store(s3, label, source)
        if after := _pinned(answer, report, definition):
            _judge_changes(report, s3, case, first, after)
            _judge_runs(answer, report, name, role, case, [first, again, after])


def _judge_first(answer: Answer, report: Report, case: Case, originals: str, definition: str) -> Pinned | None:
    """Pin a definition twice, and report ``rest`` and ``same``; None if one of them failed.

    ``originals`` is the URI of all objects that must stay.
    """
    s3 = answer.client("s3")
    before, first = _stored(s3, originals), _pinned(answer, report, definition)
    kept = before == _stored(s3, originals)
    if not first or not report.part("rest", kept, "`pin` changed or deleted the objects themselves; they are other people's, too."):
        return None
    if not _copies_are_right(report, s3, case.sources, first) or not _are_shared(report, case.sources, first):
        return None
    twice = _pinned(answer, report, definition)
    when, suspects = "Called twice with the same definition", "a time, or a random number"
    return first if twice and _are_the_same(report, case.sources, first, twice, when, suspects) else None


@dataclass(frozen=True)
class Pinned:
    """What `pin` returned, and the new address of each source in it."""

    text: str
    addresses: dict[Label, str]


def _definition(case: Case, place: Place, role: str) -> dict:
    """The definition of a case whose objects are in ``place``."""
    here, inputs = f"s3://{place.bucket}", {}
    for label, source in case.sources.items():
        inputs.setdefault(label[0], {})[label[1]] = f"{here}/{source.key(place.key(label))}"
    table = next(sources["flights"] for sources in inputs.values() if "flights" in sources)
    references = {"airports": get("Parameters.Airports")}
    if case.joined:
        references["airlines"] = {"Std:Join": {"On": "/", "Values": [here, "static"]}}
    program = {"TrainingImage": SKLEARN, "ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/train.py"]}
    train = {"train": output_of("Prepare", "train")} | inputs.pop("Train")
    steps = [
        processing_step(
            step,
            role,
            sources | references,
            {"train": own_folder(f"{here}/out", step), "report": f"{here}/report"},
            ["--rows", str(case.rows)],
        )
        for step, sources in inputs.items()
    ]
    steps.insert(1, training_step("Train", role, program, train, f"{here}/models", rows=str(case.rows)))
    live = {"ExecutionRoleArn": role, "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": f"{here}/models/live/model.tar.gz"}}
    few = {"Type": "LessThan", "LeftValue": get("Parameters.Rows"), "RightValue": 100}
    choice = {"Conditions": [few], "IfSteps": [{"Name": "Live", "Type": "Model", "Arguments": live}], "ElseSteps": []}
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [
            {"Name": "Airports", "Type": "String", "DefaultValue": f"{here}/static"},
            {"Name": "Rows", "Type": "Integer", "DefaultValue": case.rows},
            {"Name": "Table", "Type": "String", "DefaultValue": table},  # the address of an input, at a place that must stay
        ],
        "Steps": [*steps, {"Name": "Few", "Type": "Condition", "Arguments": choice}],
    }


# ---- one call of `pin` ---------------------------------------------------------------------------------------------------------------


def _pinned(answer: Answer, report: Report, definition: str) -> Pinned | None:
    """Call `pin`, and report ``rest``. None if it failed."""
    got, before = answer.call("pin", definition), json.loads(definition)
    try:
        after = json.loads(got)
    except ValueError:
        said = f"`pin` returned {got[:60]!r} …, which is no JSON. A definition is text in JSON: which function writes that?"
        report.part("rest", False, said)
        return None
    places = _places(before)
    changed = _difference(before, after, set(places.values()))
    if changed is not None:
        report.part("rest", False, f"`pin` changed `{_shown(before, changed)}`. {_why(before, changed)}")
        return None
    return Pinned(got, {label: _at(after, path) for label, path in places.items()})


Path = tuple[str | int, ...]


def _places(definition: dict) -> dict[Label, Path]:
    """The paths of all addresses that are to be replaced."""
    found: dict[Label, Path] = {}
    for number, step in enumerate(definition["Steps"]):
        here = ("Steps", number, "Arguments")
        for index, each in enumerate(step["Arguments"].get("ProcessingInputs", ())):
            found[step["Name"], each["InputName"]] = (*here, "ProcessingInputs", index, "S3Input", "S3Uri")
        for index, each in enumerate(step["Arguments"].get("InputDataConfig", ())):
            found[step["Name"], each["ChannelName"]] = (*here, "InputDataConfig", index, "DataSource", "S3DataSource", "S3Uri")
    return {label: path for label, path in found.items() if isinstance(_at(definition, path), str)}


def _at(definition: Any, path: Path) -> Any:
    for step in path:
        definition = definition[step]
    return definition


def _difference(before: Any, after: Any, free: set[Path], here: Path = ()) -> Path | None:
    """The path of the first difference between two JSON values; None if there is none. On the paths ``free`` any text is fine."""
    if here in free and isinstance(after, str):
        return None
    keys: list[Any] = []
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        keys = list(before)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        keys = list(range(len(before)))
    elif before != after:
        return here
    differences = (_difference(before[key], after[key], free, (*here, key)) for key in keys)
    return next((path for path in differences if path is not None), None)


def _shown(definition: dict, path: Path) -> str:
    """A path as a message shows it, with the name of the step."""
    named = len(path) > 1 and path[0] == "Steps"
    return ".".join(map(str, [path[0], definition["Steps"][path[1]]["Name"], *path[2:]] if named else path)) or "the definition"


def _why(definition: dict, path: Path) -> str:
    """Why a value at a path must stay."""
    if path and path[-1] == "S3Uri" and isinstance(_at(definition, path), dict) and "ProcessingOutputConfig" not in path:
        return "There it has a reference: which objects it means is known only when the pipeline runs."
    if {"ProcessingOutputConfig", "OutputDataConfig"} & set(path):
        return "There a job writes: an output has no content before."
    return "Only the addresses of inputs and channels become other ones."


# ---- addresses -----------------------------------------------------------------------------------------------------------------------


def _copies_are_right(report: Report, s3: Any, sources: dict[Label, Source], pinned: Pinned) -> bool:
    """Report whether each new address is in its place, and has what its source has."""
    for label, source in sources.items():
        if fault := _fault_of_copy(s3, source, pinned.addresses[label]):
            return report.part("same", False, f"The {_name(label)} {fault}")
    return True


def _fault_of_copy(s3: Any, source: Source, address: str) -> str:
    """What is wrong with the address of a copy, as the end of a sentence; ``""`` for nothing."""
    if not WANTED.fullmatch(address):
        return f'has the address {address}; expected that of a copy, below f"s3://{{aws.bucket}}/{{aws.prefix}}/pinned/".'
    found, wanted = _copied(s3, address), {name: hashlib.md5(content).hexdigest() for name, content in source.files.items()}
    if not found:
        return f"has the address {address}, and no object is there. Did you copy?"
    if found == wanted:
        return ""
    if found.keys() != wanted.keys():
        names = f"has objects with the names {_listed(found)} at its new address; expected {_listed(wanted)}."
        return f"{names} {_why_names(source, set(found))}"
    return "has objects with other contents at its new address. Did another one get the same address?"


def _why_names(source: Source, found: set[str]) -> str:
    """Why the objects of a copy have other names."""
    if any(name.endswith((".bak", "notes.txt")) or "-old/" in name for name in found):
        return "Some are neighbours: they are beside the object, or their folder only begins with the same letters."
    if any(each.endswith(f"/{name}") for each in found for name in source.files):
        return "These are longer names: what is a name within the folder?"
    if found & {name.rpartition("/")[2] for name in source.files}:
        return "Where are the folders within the folder?"
    return "Are all objects copied, and does each keep its name?"


def _copied(s3: Any, address: str) -> dict[str, str]:
    """Name within the folder -> ETag of the objects that an address means."""
    there, _, key = address.removeprefix("s3://").partition("/")
    key = key.rstrip("/")
    found = _stored(s3, f"s3://{there}/{key}")
    if key in found:
        return {key.rpartition("/")[2]: found[key]}
    return {each.removeprefix(f"{key}/"): tag for each, tag in found.items() if each.startswith(f"{key}/")}


def _are_the_same(report: Report, sources: dict[Label, Source], first: Pinned, second: Pinned, when: str, suspects: str) -> bool:
    """Report whether two definitions have the same new addresses; if not, the message asks for ``suspects``."""
    for label in sources:
        same = first.addresses[label] == second.addresses[label]
        said = f"{when}, `pin` returned another new address for the {_name(label)}. Does it depend on {suspects}?"
        if not report.part("same", same, said):
            return False
    return True


def _are_shared(report: Report, sources: dict[Label, Source], pinned: Pinned) -> bool:
    """Report whether sources with the same names and contents have the same new address."""
    for (one, first), (other, second) in itertools.combinations(sources.items(), 2):
        said = f"The {_name(one)} and the {_name(other)} have the same names and contents, and different new addresses."
        same = first != second or pinned.addresses[one] == pinned.addresses[other]
        if not report.part("same", same, f"{said} Does one depend on the step, its old address, a time, or a random number?"):
            return False
    return True


def _judge_changes(report: Report, s3: Any, case: Case, before: Pinned, after: Pinned) -> None:
    """Report whether the sources that changed, and no others, have other addresses."""
    for label, source in case.changed().items():
        moved = before.addresses[label] != after.addresses[label]
        said = f"The {_name(label)} has the new address that it had before, and {CHANGES[case.changes[label]][1]}"
        if report.part("changed", moved, said) and (fault := _fault_of_copy(s3, source, after.addresses[label])):
            report.part("same", False, f"After a change, the {_name(label)} {fault}")
    stay = {label: source for label, source in case.sources.items() if label not in case.changes}
    _are_the_same(report, stay, before, after, "After a change of other objects", "a time, or a neighbour")


def _name(label: Label) -> str:
    return f"{'channel' if label[0] == 'Train' else 'input'} `{label[1]}` of `{label[0]}`"


def _listed(names: dict[str, str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")


# ---- executions ----------------------------------------------------------------------------------------------------------------------


def _judge_runs(answer: Answer, report: Report, name: str, role: str, case: Case, pinned: list[Pinned]) -> None:
    """Run the first definition, the same with its objects elsewhere, and the one after the changes, as versions of one pipeline."""
    sagemaker, jobs = answer.client("sagemaker"), {step for step, _ in case.sources}
    sagemaker.create_pipeline(PipelineName=name, PipelineDefinition=pinned[0].text, RoleArn=role)
    for each, when, wanted in zip(
        pinned,
        (
            "The definition that `pin` returned",
            "The same, pinned from other addresses,",
            "The definition that was pinned after the changes",
        ),
        (jobs, set(), case.run_again()),
        strict=True,
    ):
        sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=each.text)
        for run in start(answer, report, "runs", name, [{}]):
            _judge_run(report, when, run, jobs, wanted)


def _judge_run(report: Report, when: str, run: Run, jobs: set[str], wanted: set[str]) -> None:
    """Report whether an execution succeeded, and ran the jobs of the steps ``wanted`` only."""
    if report.part("runs", run.status == "Succeeded", f"{when} failed: {run.failures or run.status}."):
        ran = {step for step in jobs if "CacheHitResult" not in run.steps[step]}
        said = f"{when} ran {_steps(ran)}, and took from the cache {_steps(jobs - ran)}; expected to run: {_steps(wanted)}."
        report.part("runs", ran == wanted, said)


def _steps(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


# ---- objects -------------------------------------------------------------------------------------------------------------------------


def _stored(s3: Any, address: str) -> dict[str, str]:
    """Key -> ETag of the objects whose keys begin as the address says. Empty without the bucket."""
    there, _, prefix = address.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=there, Prefix=prefix)
    try:
        return {each["Key"]: each["ETag"].strip('"') for page in pages for each in page.get("Contents", ())}
    except ClientError:
        return {}


@contextlib.contextmanager
def _copies_deleted(s3: Any) -> Iterator[None]:
    """Delete what is new among the copies in the lesson's bucket."""
    places = [f"s3://{each['Name']}/{PINNED}" for each in s3.list_buckets()["Buckets"] if each["Name"].startswith("sagemaker-")]
    before = {place: set(_stored(s3, place)) for place in places}
    try:
        yield
    finally:
        for place, keys in before.items():
            for key in set(_stored(s3, place)) - keys:
                s3.delete_object(Bucket=place.split("/")[2], Key=key)
