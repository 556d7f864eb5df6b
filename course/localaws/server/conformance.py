"""Writes `docs/local-aws.md`: what the local AWS supports of SageMaker, S3, KMS and others, from its code and `conformance.yaml`.

    python -m course.localaws.server.conformance [FILE]

writes the page. A test fails if the page is out of date.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from course.localaws.config.catalog import rules
from course.localaws.core.data_files import table
from course.localaws.images import catalogue
from course.localaws.kms import service as kms
from course.localaws.protocol.model import service_model
from course.localaws.s3 import table as s3
from course.localaws.sagemaker.service import REST_SERVICES
from course.localaws.server.app import LocalAws

ROOT = Path(__file__).parents[3]
PROSE = Path(__file__).with_name("conformance.yaml")
DOCUMENT = ROOT / "docs/local-aws.md"
SERVICES = ("sagemaker", *REST_SERVICES)


def document() -> str:
    """The whole page, as Markdown."""
    with tempfile.TemporaryDirectory() as state:
        aws = LocalAws(Path(state), "http://127.0.0.1:1")
        try:
            return re.sub(r"\n{3,}", "\n\n", "\n".join([*_page(aws), ""]))
        finally:
            aws.shutdown()


def _page(aws: LocalAws) -> Iterator[str]:
    prose, sagemaker = table(PROSE), aws.sagemaker
    done = {operation: family for family in sagemaker.families for operation in family.operations}
    yield "# What the local AWS does\n"
    yield "<!-- Made by `python -m course.localaws.server.conformance`; its prose is in course/localaws/server/conformance.yaml. -->\n"
    yield f"{prose['introduction']}\n\n{prose['trust']}\n"
    yield from (f"- **{name}**: {meaning}" for name, meaning in prose["sources"].items())
    yield "\n## SageMaker\n"
    yield "| service | operations | executed here | `record` | refused |\n|---|--:|--:|--:|--:|"
    for service in SERVICES:
        operations = service_model(service).operation_names
        recorded = [operation for operation in operations if operation in sagemaker.recorded]
        executed = [operation for operation in operations if operation in done and operation not in sagemaker.recorded]
        counts = (len(operations), len(executed), len(recorded), len(operations) - len(executed) - len(recorded))
        yield f"| `{service}` | {' | '.join(map(str, counts))} |"
    yield f"\n{prose['refused']}"
    for family in sagemaker.families:
        yield from _family(prose["families"].get(name := type(family).__name__, {"title": name}), family.operations)
    yield "\n### Refused\n"
    for service in SERVICES:
        refused = [operation for operation in service_model(service).operation_names if operation not in done]
        if refused:
            yield f"`{service}`: {_names(refused)}\n"
    yield "\n## /opt/ml\n"
    yield from _lists(prose["opt_ml"])
    yield "\n## Images\n"
    yield f"{prose['images']}\n\n| image | repository | versions |\n|---|---|---|"
    for image in catalogue.entries():
        yield f"| {image['title']} | `{image['repository']}` | {', '.join(map(str, image['versions']))} |"
    yield "\n### Built-in algorithms\n"
    yield from _lists(prose["algorithms"])
    yield "Not there, and refused with what to use instead:\n"
    yield from (f"- {entry['title']} (`{name}`): {entry['instead']}." for name, entry in catalogue.not_built().items())
    yield "\n### Libraries\n"
    yield from _lists(prose["libraries"])
    yield "### Frameworks\n"
    yield from _lists(prose["frameworks"])
    yield "### Clarify\n"
    yield from _lists(prose["clarify"])
    yield "\n## S3\n"
    yield from _lists(prose["s3"])
    yield f"Supported; all other operations are refused:\n\n{_names(s3.supported())}"
    yield "\n## KMS\n"
    yield from _lists(prose["kms"])
    yield f"Supported; all other operations are refused:\n\n{_names(kms.OPERATIONS)}"
    yield "\n## VPCs\n"
    yield from _lists(prose["vpc"])
    yield "\n## Secrets Manager\n"
    yield from _lists(prose["secretsmanager"])
    yield f"Supported; all other operations are refused:\n\n{_names(aws.services['secretsmanager'].operations)}"
    yield "\n## Config\n"
    yield from _lists(prose["config"])
    yield f"The managed rules that are evaluated; all other rules are refused:\n\n{_names(rules())}"
    yield "\n## Service Quotas\n"
    yield from _lists(prose["servicequotas"])
    yield f"Supported; all other operations are refused:\n\n{_names(aws.services['servicequotas'].operations)}"
    yield f"\n## The clock\n\n{prose['clock']}"
    yield "\n## Shortages of instances\n"
    yield from _lists(prose["shortages"])
    yield "\n## The bill\n"
    yield from _lists(prose["bill"])
    for service, title in (("ce", "Cost Explorer"), ("pricing", "Price List"), ("budgets", "Budgets")):
        yield f"\n## {title}\n"
        yield from _lists(prose[service])
        yield f"Supported; all other operations are refused:\n\n{_names(aws.services[service].operations)}"
    yield "\n## Other services\n"
    yield from _lists(prose["others"])


def _family(prose: dict, operations: Iterable[str]) -> Iterator[str]:
    yield f"\n### {prose['title']}\n\n{_names(operations)}\n"
    yield from _lists(prose)


def _lists(prose: dict) -> Iterator[str]:
    if "sources" in prose:
        yield f"Sources: {', '.join(prose['sources'])}.\n"
    for name, heading in (("as_aws", "As on AWS"), ("differs", "Different"), ("missing", "Not there")):
        if prose.get(name):
            yield f"{heading}:\n"
            yield from (f"- {line}" for line in prose[name])
            yield ""


def _names(operations: Iterable[str]) -> str:
    return ", ".join(f"`{operation}`" for operation in sorted(operations))


if __name__ == "__main__":
    (Path(sys.argv[1]) if sys.argv[1:] else DOCUMENT).write_text(document(), encoding="utf-8")
