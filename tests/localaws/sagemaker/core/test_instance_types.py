"""What instance types have, against EC2's own description of them, which moto has a copy of."""

from __future__ import annotations

import gzip
import json
from importlib.metadata import version
from pathlib import Path

import moto
import pytest
from botocore.loaders import Loader

from course.localaws.core.data_files import table
from course.localaws.sagemaker.core import instance_types

ENUMS = {
    "hosting": "ProductionVariantInstanceType",
    "training": "TrainingInstanceType",
    "processing": "ProcessingInstanceType",
    "transform": "TransformInstanceType",
    "notebook": "InstanceType",
}
BOTOCORE = "1.44.8"  # the release whose enumerations the table has
UNKNOWN = {"p2", "p3", "dl1", "p6e-gb200"}  # families that moto's copy does not have


@pytest.fixture(scope="module")
def described() -> dict[str, dict]:
    packed = Path(moto.__file__).parent / "ec2/resources/instance_types.json.gz"
    return json.loads(gzip.decompress(packed.read_bytes()))


@pytest.fixture(scope="module")
def offered() -> dict[str, set[str]]:
    """Component -> the types that SageMaker's API names for it."""
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    return {component: set(shapes[shape]["enum"]) for component, shape in ENUMS.items()}


@pytest.fixture(scope="module")
def types(offered: dict[str, set[str]]) -> set[str]:
    return set().union(*offered.values())


def accelerators(found: dict) -> int:
    groups = [("GpuInfo", "Gpus"), ("InferenceAcceleratorInfo", "Accelerators"), ("NeuronInfo", "NeuronDevices")]
    return next((sum(each["Count"] for each in found[info][member]) for info, member in groups if info in found), 0)


def test_figures_are_those_of_ec2(types, described):
    known = {name for name in types if name.split(".")[1] not in UNKNOWN}
    assert len(known) > 150 and not {name for name in known if name.removeprefix("ml.") not in described}
    for name in sorted(known):
        found = described[name.removeprefix("ml.")]
        ours = (instance_types.memory(name) >> 20, instance_types.vcpus(name), instance_types.accelerators(name))
        assert ours == (found["MemoryInfo"]["SizeInMiB"], found["VCpuInfo"]["DefaultVCpus"], accelerators(found)), name
        if entry := instance_types.known(name):  # else botocore is newer than the table
            assert entry.network == found["NetworkInfo"]["NetworkPerformance"] and bool(entry.accelerator) == bool(entry.accelerators), name


def test_each_component_offers_what_its_enumeration_has(types, offered):
    if version("botocore") != BOTOCORE:
        pytest.skip(f"the table is that of botocore {BOTOCORE}, which uv.lock has, until 2027-11-30")
    for name in sorted(types):
        assert set(instance_types.known(name).offered) == {component for component, names in offered.items() if name in names}, name
    listed = table(instance_types.TYPES)["families"]
    assert {f"ml.{family}.{size}" for family, found in listed.items() for size in found["sizes"]} == types


def test_a_type_that_the_table_does_not_have_is_proportional_to_its_family_or_to_m5():
    for name, gib, cores in (("ml.c5.12xlarge", 96, 48), ("ml.m5.16xlarge", 256, 64), ("ml.x99.xlarge", 16, 4), ("ml.t3.small", 8, 2)):
        assert instance_types.known(name) is None
        assert (instance_types.memory(name) >> 30, instance_types.vcpus(name), instance_types.accelerators(name)) == (gib, cores, 0)


@pytest.mark.parametrize(
    ("name", "gib", "cores", "devices"),
    [("ml.p2.16xlarge", 732, 64, 16), ("ml.p3.2xlarge", 61, 8, 1), ("ml.p3.16xlarge", 488, 64, 8), ("ml.dl1.24xlarge", 768, 96, 8)],
)
def test_types_that_are_not_in_that_copy(name, gib, cores, devices):
    assert (instance_types.memory(name) >> 30, instance_types.vcpus(name), instance_types.accelerators(name)) == (gib, cores, devices)
