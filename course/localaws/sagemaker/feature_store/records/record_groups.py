"""What the operations on records need of a feature group, kept in memory: a group may have 2,500 definitions.

Messages: https://github.com/aws/sagemaker-python-sdk/issues/2606 (PutRecord answers ``ValidationError`` for a missing group, because its
model has no ``ResourceNotFound``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.core import protection
from course.localaws.sagemaker.feature_store.group import FEATURE_GROUP, has_offline_store, has_online_store, key_of, name_of, storage_type

ONLINE, OFFLINE = "OnlineStore", "OfflineStore"
UPDATABLE = ("Standard_V2", "InMemory")
_SECONDS = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86_400, "Weeks": 604_800}


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature's definition.

    Attributes
    ----------
    type : str
        ``Integral``, ``Fractional`` or ``String``.
    collection : str
        ``List``, ``Set``, ``Vector``, or ``""``.
    dimension : int or None
        Of a vector.
    """

    name: str
    type: str
    collection: str = ""
    dimension: int | None = None


@dataclass(frozen=True)
class RecordGroup:
    """A feature group as the operations on records see it."""

    document: Document = field(repr=False)

    @cached_property
    def name(self) -> str:
        return self.document["FeatureGroupName"]

    @cached_property
    def key(self) -> str:
        """Its name in the record store."""
        return key_of(self.document)

    @cached_property
    def features(self) -> dict[str, Feature]:
        """By name, in the order of the definitions."""
        return {definition["FeatureName"]: _feature(definition) for definition in self.document["FeatureDefinitions"]}

    @cached_property
    def identifier(self) -> str:
        """The name of the record identifier feature."""
        return self.document["RecordIdentifierFeatureName"]

    @cached_property
    def event_time(self) -> Feature:
        return self.features[self.document["EventTimeFeatureName"]]

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """Of ``OnlineStore`` and ``OfflineStore`` those that it has."""
        return (ONLINE,) * has_online_store(self.document) + (OFFLINE,) * has_offline_store(self.document)

    @cached_property
    def storage_type(self) -> str:
        return storage_type(self.document)

    @cached_property
    def ttl(self) -> int | None:
        """The default time to live, in seconds."""
        return seconds(self.document.get("OnlineStoreConfig", {}).get("TtlDuration"))

    @cached_property
    def online_key(self) -> str | None:
        """The KMS key of the online store."""
        return self.document.get("OnlineStoreConfig", {}).get("SecurityConfig", {}).get("KmsKeyId")

    @cached_property
    def provisioned(self) -> bool:
        return self.document.get("ThroughputConfig", {}).get("ThroughputMode") == "Provisioned"

    def targets(self, wanted: list[str] | None) -> tuple[str, ...]:
        """The stores that a request wants. Raises AwsError when the group does not have one of them."""
        for store in wanted or ():
            if store not in self.stores:
                raise validation_error(f"Validation Error: the {store} is not enabled for FeatureGroup {self.name}.")
        return tuple(wanted or self.stores)

    def require_online(self) -> None:
        """Raises AwsError when the group has no online store."""
        self.targets([ONLINE])


class RecordGroups:
    """The feature groups of the engine, as `RecordGroup`."""

    def __init__(self, engine: ResourceEngine) -> None:
        self._engine = engine
        self._revision = -1
        self._known: dict[tuple[str, str], RecordGroup] = {}
        self._by_key: tuple[int, dict[str, RecordGroup]] = (-1, {})

    def find(self, context: Context, name_or_arn: str, missing: str = "ValidationError") -> RecordGroup:
        """The group with this name or ARN.

        Parameters
        ----------
        missing : str
            The error code for a group that does not exist: ``ResourceNotFound`` where the operation's model has it.

        Raises
        ------
        AwsError
            The group does not exist, is in another account, or is not ready.
        """
        group = self._read(context, _name(context, name_or_arn))
        if group is None:
            status = 404 if missing == "ResourceNotFound" else 400
            raise AwsError(missing, f"Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {name_or_arn}", status)
        if group.document["FeatureGroupStatus"] != "Created":
            raise validation_error(
                f"Validation Error: FeatureGroup {group.name} is in status {group.document['FeatureGroupStatus']}. "
                "Its records can be used only in status Created."
            )
        if group.online_key:
            _require_key(context, group.online_key)
        return group

    def by_key(self) -> dict[str, RecordGroup]:
        """All groups by their names in the record store."""
        revision = self._engine.revision(FEATURE_GROUP)
        if revision != self._by_key[0]:
            groups = [RecordGroup(document) for _, document in self._engine.every(FEATURE_GROUP)]
            self._by_key = revision, {group.key: group for group in groups}
        return self._by_key[1]

    def _read(self, context: Context, name: str) -> RecordGroup | None:
        revision = self._engine.revision(FEATURE_GROUP)  # before the document, which may change meanwhile
        if revision != self._revision:
            self._known, self._revision = {}, revision
        group = self._known.get((context.region, name))
        if group is None:
            document = self._engine.find(context, FEATURE_GROUP, name)
            if document is None:
                return None
            group = self._known[context.region, name] = RecordGroup(document)
        return group


def _require_key(context: Context, key: str) -> None:
    """Check that the caller may use the key of an online store ("OnlineStoreSecurityConfig", API reference).

    Raises AwsError ``AccessForbidden``, also for a key that is disabled.
    """
    try:
        arn = protection.key_arn(context.platform, context, key)
        protection.require_key(context.platform, context, "kms:Decrypt", arn)
    except AwsError as error:
        raise AwsError("AccessForbidden", error.message, 403) from None


def seconds(ttl: dict | None) -> int | None:
    """A ``TtlDuration`` in seconds; None for an absent one."""
    return ttl["Value"] * _SECONDS[ttl["Unit"]] if ttl and ttl.get("Unit") else None


def _feature(definition: dict) -> Feature:
    vector = definition.get("CollectionConfig", {}).get("VectorConfig", {})
    return Feature(definition["FeatureName"], definition["FeatureType"], definition.get("CollectionType", ""), vector.get("Dimension"))


def _name(context: Context, name_or_arn: str) -> str:
    """The name in a name or ARN, as `name_of`. Raises AwsError ``ValidationError`` for another account."""
    try:
        return name_of(context, name_or_arn)
    except AwsError:
        text = f"{name_or_arn} is in another account. The local AWS does not support feature groups shared across accounts."
        raise validation_error(text) from None
