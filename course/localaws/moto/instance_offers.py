"""The instance types that EC2 offers in each region, read from moto's files when a request asks for the region.

moto reads the files of all regions when EC2 is imported: 150,000 offers, which take 50 MB and a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

FOLDER = "ec2/resources/instance_type_offerings"  # below moto's package, with a folder for each type of location

Offer = dict[str, str]
REGIONS_KEPT = 2


class RegionalOffers(Mapping[str, list[Offer]]):
    """Region -> its offers, for one type of location.

    Parameters
    ----------
    location_type : str
        ``"region"``, ``"availability-zone"`` or ``"availability-zone-id"``.
    load : callable
        moto's ``load_resource``: the path of a file below moto's package -> its content.
    """

    def __init__(self, location_type: str, load: Callable[[str], list[Offer]]) -> None:
        self._files = {
            file.name.split(".")[0]: f"{FOLDER}/{location_type}/{file.name}" for file in _folder().joinpath(location_type).iterdir()
        }

        @lru_cache(REGIONS_KEPT)
        def read(region: str) -> list[Offer]:
            return [offer | {"LocationType": location_type} for offer in load(self._files[region])]

        self._read = read

    def __getitem__(self, region: str) -> list[Offer]:
        return self._read(region)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def location_types() -> list[str]:
    return sorted(folder.name for folder in _folder().iterdir())


def _folder() -> Traversable:
    return resources.files("moto") / FOLDER
