"""What instance types have, against EC2's own description of them, which moto has a copy of."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import moto
import pytest
from botocore.loaders import Loader

from course.localaws.sagemaker.core import instance_types

ENUMS = ("ProductionVariantInstanceType", "TrainingInstanceType", "ProcessingInstanceType", "TransformInstanceType")
UNKNOWN = {"p2", "p3", "dl1", "p6e-gb200"}  # families that moto's copy does not have


@pytest.fixture(scope="module")
def described() -> dict[str, dict]:
    packed = Path(moto.__file__).parent / "ec2/resources/instance_types.json.gz"
    return json.loads(gzip.decompress(packed.read_bytes()))


@pytest.fixture(scope="module")
def types() -> set[str]:
    """All that SageMaker's API names."""
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    return {name for shape in ENUMS for name in shapes[shape]["enum"]}


def accelerators(found: dict) -> int:
    groups = [("GpuInfo", "Gpus"), ("InferenceAcceleratorInfo", "Accelerators"), ("NeuronInfo", "NeuronDevices")]
    return next((sum(each["Count"] for each in found[info][member]) for info, member in groups if info in found), 0)


def test_memory_cores_and_accelerators_are_those_of_ec2(types, described):
    known = {name for name in types if name.split(".")[1] not in UNKNOWN}
    assert len(known) > 150 and not {name for name in known if name.removeprefix("ml.") not in described}
    for name in sorted(known):
        found = described[name.removeprefix("ml.")]
        ours = (instance_types.memory(name) >> 20, instance_types.vcpus(name), instance_types.accelerators(name))
        assert ours == (found["MemoryInfo"]["SizeInMiB"], found["VCpuInfo"]["DefaultVCpus"], accelerators(found)), name


@pytest.mark.parametrize(
    ("name", "gib", "cores", "devices"),
    [("ml.p2.16xlarge", 732, 64, 16), ("ml.p3.2xlarge", 61, 8, 1), ("ml.p3.16xlarge", 488, 64, 8), ("ml.dl1.24xlarge", 768, 96, 8)],
)
def test_types_that_are_not_in_that_copy(name, gib, cores, devices):
    assert (instance_types.memory(name) >> 30, instance_types.vcpus(name), instance_types.accelerators(name)) == (gib, cores, devices)
