"""Meters secrets: AWS bills each for the time in which it is not marked for deletion ("AWS Secrets Manager pricing")."""

from __future__ import annotations

from course.localaws.billing.usage import Item, UsageStore
from course.localaws.secretsmanager.store import SecretStore

SERVICE, SECRETS = "AWSSecretsManager", "AWSSecretsManager-Secrets"


def meter(secrets: SecretStore, usage: UsageStore) -> None:
    """Say what all secrets hold now. Called after each change of a secret."""
    billed = [secret for secret in secrets.every() if secret.deletion is None]
    for secret in billed:
        usage.tagged(secret.arn, {tag["Key"]: tag["Value"] for tag in secret.tags})
    usage.hold_all(SERVICE, {secret.arn: {Item(SERVICE, SECRETS, "", secret.region, secret.arn): 1.0} for secret in billed})
