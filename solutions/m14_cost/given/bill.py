"""What m14_1 needs of bills: prices, times, keys of teams, a topic for messages, and the load of a year."""

import contextlib
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

HOURS = 365 * 24
LONGEST = 30  # seconds
_made: dict[str, list[str]] = {"keys": [], "tags": [], "topics": [], "queues": [], "policies": []}


def now(aws: Any) -> datetime:
    """The time of AWS's clock. That of the local AWS may be ahead."""
    return datetime.fromtimestamp(aws.local.advance(0), UTC) if aws.local else datetime.now(UTC)


def this_month(aws: Any) -> dict[str, str]:
    """A ``TimePeriod`` from the first of the month until today."""
    today = now(aws)
    return {"Start": f"{today:%Y-%m-01}", "End": f"{today + timedelta(days=1):%Y-%m-%d}"}


def next_days(aws: Any, days: int) -> dict[str, str]:
    """A ``TimePeriod`` that begins today."""
    today = now(aws)
    return {"Start": f"{today:%Y-%m-%d}", "End": f"{today + timedelta(days=days):%Y-%m-%d}"}


def prices(aws: Any, **attributes: str) -> dict[str, tuple[float, str]]:
    """The products of SageMaker in this region that have these attributes: usage type -> US dollars and unit."""
    asked = {"regionCode": aws.region} | attributes
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in asked.items()]
    pages = aws.client("pricing").get_paginator("get_products").paginate(ServiceCode="AmazonSageMaker", Filters=filters)
    found = {}
    for product in (json.loads(text) for page in pages for text in page["PriceList"]):
        [term] = product["terms"]["OnDemand"].values()
        [dimension] = term["priceDimensions"].values()
        found[product["product"]["attributes"]["usagetype"]] = float(dimension["pricePerUnit"]["USD"]), dimension["unit"]
    return found


def keys_of_teams(aws: Any, counts: dict[str | None, int]) -> None:
    """Make KMS keys for teams: team -> how many; None stands for keys without a tag."""
    for team, count in counts.items():
        tags = [{"TagKey": "team", "TagValue": team}] if team else []
        for _ in range(count):
            _made["keys"].append(aws.client("kms").create_key(Tags=tags)["KeyMetadata"]["KeyId"])


def pass_days(aws: Any, days: float) -> None:
    """Let days pass on the local AWS. On AWS they pass by themselves."""
    if aws.local:
        aws.local.advance(days * 24 * 3600)


def activate(aws: Any, key: str) -> None:
    """Activate a key of tags as a cost allocation tag. On AWS it takes up to a day until the bill knows a new key."""
    _set_status(aws, key, "Active")
    _made["tags"].append(key)


def _set_status(aws: Any, key: str, status: str) -> None:
    aws.client("ce").update_cost_allocation_tags_status(CostAllocationTagsStatus=[{"TagKey": key, "Status": status}])


def a_day(aws: Any, marker: str) -> str:
    """What the running resources with a text in their ARNs cost a day. Only the local AWS knows that at once."""
    if not aws.local:
        return "unknown"
    return f"{sum(each['a_day'] or 0.0 for each in aws.local.ledger(marker)['running']):.2f} dollars a day"


def topic(aws: Any, name: str) -> tuple[str, str]:
    """A topic and a queue that gets its messages. Returns the topic's ARN and the queue's URL."""
    sns, sqs, named = aws.client("sns"), aws.client("sqs"), aws.unique(name)
    arn, url = sns.create_topic(Name=named)["TopicArn"], sqs.create_queue(QueueName=named)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    may_send = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue}
    may_send["Condition"] = {"ArnEquals": {"aws:SourceArn": arn}}
    policy = {"Version": "2012-10-17", "Statement": [may_send]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    _made["topics"].append(arn)
    _made["queues"].append(url)
    return arn, url


def statements_of(aws: Any, topic: str) -> list[dict]:
    """The statements of a topic's policy."""
    found = aws.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    return json.loads(found["Policy"])["Statement"]


def set_statements(aws: Any, topic: str, statements: list[dict]) -> None:
    """Replace a topic's policy."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    aws.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def message(aws: Any, queue: str) -> str:
    """The subject and the text of a message in a queue."""
    until = time.monotonic() + (LONGEST if aws.local else 0)  # on AWS it may take hours
    while time.monotonic() < until:
        answer = aws.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1)
        for each in answer.get("Messages", ()):
            body = json.loads(each["Body"])
            return f"{body['Subject']}\n\n{body['Message']}"
    return "No message has come."


def stop_policy(aws: Any) -> tuple[str, dict]:
    """A managed policy that refuses what makes new costs in SageMaker. Returns its ARN and its document."""
    new = [f"sagemaker:{each}" for each in ("Create*", "Start*", "UpdateEndpoint*")]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": new, "Resource": "*"}]}
    made = aws.client("iam").create_policy(PolicyName=aws.unique("stop"), PolicyDocument=json.dumps(document))
    _made["policies"].append(made["Policy"]["Arn"])
    return made["Policy"]["Arn"], document


def year(seed: int) -> pd.DataFrame:
    """A year's load in dollars an hour at list prices: one row for each hour, and a column for each kind."""
    rng = np.random.default_rng(seed)
    hours = np.arange(HOURS)
    day, week, part = hours % 24, hours // 24 % 7, hours / HOURS
    busy = np.clip(np.sin((day - 6) / 24 * 2 * np.pi), 0, None) * np.where(week < 5, 1.0, 0.5)
    hosting = 2.0 + np.round(6 * busy * (0.8 + 0.4 * part)) * 0.46
    night = ((day < 5) & (rng.random(HOURS) < 0.7)) * rng.gamma(3.0, 1.2, HOURS)
    training = night * np.where((part > 0.5) & (part < 0.67), 0.3, 1.0)
    spot = (rng.random(HOURS) < 0.1) * rng.gamma(2.0, 1.0, HOURS)
    storage = 0.2 + 0.3 * part
    table = {"hosting": hosting, "training": training, "spot": spot, "storage": storage}
    return pd.DataFrame(table, index=pd.date_range("2027-01-01", periods=HOURS, freq="h"))


def year_cost(load: pd.DataFrame, commitment: float, discount: float) -> float:
    """What a year costs with a Savings Plan of so many dollars an hour."""
    eligible = load["hosting"] + load["training"]
    above = (eligible - commitment / (1 - discount)).clip(lower=0)
    return float((commitment + above + load["spot"] + load["storage"]).sum())


def plot(load: pd.DataFrame) -> plt.Figure:
    """The load of a week in spring, and of each week of the year."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.2))
    load.iloc[2016 : 2016 + 168].plot.area(ax=left, linewidth=0, title="A week in March", legend=False)
    load.resample("W").mean().plot.area(ax=right, linewidth=0, title="Weekly means of the year")
    for axes in (left, right):
        axes.set_ylabel("dollars an hour")
        axes.set_xlabel("")
    return figure


def remove(aws: Any, *budgets: str) -> None:
    """Delete what this module made, and budgets. A second call finds nothing to delete."""
    client = aws.client("budgets")
    for name in budgets:
        with contextlib.suppress(client.exceptions.NotFoundException):
            client.delete_budget(AccountId=aws.account, BudgetName=name)
    steps = {
        "keys": lambda each: aws.client("kms").schedule_key_deletion(KeyId=each, PendingWindowInDays=7),
        "tags": lambda each: _set_status(aws, each, "Inactive"),
        "topics": lambda each: aws.client("sns").delete_topic(TopicArn=each),
        "queues": lambda each: aws.client("sqs").delete_queue(QueueUrl=each),
        "policies": lambda each: aws.client("iam").delete_policy(PolicyArn=each),
    }
    for kind, step in steps.items():
        while _made[kind]:
            step(_made[kind][-1])
            _made[kind].pop()
