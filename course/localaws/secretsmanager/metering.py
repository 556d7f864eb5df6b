"""Meters secrets: AWS bills each for the time in which it is not marked for deletion ("AWS Secrets Manager pricing")."""

from __future__ import annotations

from course.localaws.billing.usage import Item, UsageStore
from course.localaws.secretsmanager.store import SecretStore

SERVICE, SECRETS = "AWSSecretsManager", "AWSSecretsManager-Secrets"


def meter(secrets: SecretStore, usage: UsageStore) -> None:
    """Say what all secrets hold now. Called after each change of a secret."""
    left = {arn for arn, items in usage.held().items() if any(item.service == SERVICE for item in items)}
    for secret in secrets.every():
        if secret.deletion is None:
            left.discard(secret.arn)
            usage.tagged(secret.arn, {tag["Key"]: tag["Value"] for tag in secret.tags})
            usage.hold(secret.arn, {Item(SERVICE, SECRETS, "", secret.region, secret.arn): 1.0})
    for arn in left:
        usage.hold(arn, {})
