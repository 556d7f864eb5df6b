"""The operations on functions, their code and their tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from course.localaws.awslambda import configuration, names
from course.localaws.awslambda.errors import conflict, invalid_value, not_found, wrong_revision
from course.localaws.awslambda.names import LATEST, FunctionReference, function_arn
from course.localaws.awslambda.packages import Package, Packages
from course.localaws.awslambda.store import Function, FunctionStore
from course.localaws.context import Context, Operation
from course.localaws.core import tag_rules
from course.localaws.core.errors import not_supported

PAGE = 50
# How AWS answers Create and Update, whose work goes on after the answer. Here it is done by then.
CREATING = {"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating", "LastUpdateStatus": None}
# Recorded answers also have a LastUpdateStatusReasonCode "Creating", which botocore's model does not know.
UPDATING = {"LastUpdateStatus": "InProgress", "LastUpdateStatusReason": "The function is being created."}
STATE = ("State", "LastUpdateStatus")  # ListFunctions omits them


class Functions:
    """The operations.

    Parameters
    ----------
    store : FunctionStore
    packages : Packages
    retire : callable
        Region and name of a function whose code or configuration has changed, or that was deleted: its idle environments end.
    """

    def __init__(self, store: FunctionStore, packages: Packages, retire: Callable[[str, str], None]) -> None:
        self._store, self._packages, self._retire = store, packages, retire

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateFunction": self.create,
            "GetFunction": self.get,
            "GetFunctionConfiguration": self.get_configuration,
            "ListFunctions": self.list,
            "UpdateFunctionCode": self.update_code,
            "UpdateFunctionConfiguration": self.update_configuration,
            "DeleteFunction": self.delete,
            "PublishVersion": self.publish_version,
            "ListVersionsByFunction": self.list_versions,
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "ListTags": self.list_tags,
        }

    def create(self, context: Context, params: dict) -> dict:
        wanted = names.requested(context, params)
        if wanted.qualifier:
            raise invalid_value(f"CreateFunction takes a function name without a version or alias; got {params['FunctionName']}.")
        made = configuration.new(context, params, wanted.name)
        tags = _merged({}, params.get("Tags", {}))
        with self._store.changing():
            if self._store.get(context.region, wanted.name) is not None:
                raise conflict(f"Function already exist: {wanted.name}")
            function = Function(wanted.name, {LATEST: made | _code(self._packages.receive(params["Code"], "CreateFunction"))}, tags=tags)
            version = self._publish(context, function) if params.get("Publish") else LATEST
            self._store.put(context.region, function)
            context.platform.usage.tagged(wanted.arn, tags)  # an earlier function of this name may have had others
        return described(wanted, function.versions[version]) | CREATING

    def get(self, context: Context, params: dict) -> dict:
        wanted, function, version = self.found(context, params)
        # AWS also gives a URL from which the package can be downloaded.
        answer = {"Configuration": described(wanted, version), "Code": {"RepositoryType": "S3"}}
        return answer | ({"Tags": function.tags} if function.tags else {})

    def get_configuration(self, context: Context, params: dict) -> dict:
        wanted, _, version = self.found(context, params)
        return described(wanted, version)

    def list(self, context: Context, params: dict) -> dict:
        if "MasterRegion" in params:
            raise not_supported("lambda", "ListFunctions with MasterRegion")
        every = params.get("FunctionVersion") == "ALL"
        found = []
        for function in self._store.every(context.region):
            for version, configured in function.versions.items() if every else [(LATEST, function.versions[LATEST])]:
                found.append(_summary(context, function.name, configured, version if every else ""))
        return page("Functions", found, params, lambda shown: shown["FunctionArn"])

    def list_versions(self, context: Context, params: dict) -> dict:
        _, function, _ = self.found(context, params)
        found = [_summary(context, function.name, configured, version) for version, configured in function.versions.items()]
        return page("Versions", found, params, lambda shown: shown["FunctionArn"])

    def update_code(self, context: Context, params: dict) -> dict:
        if params.get("PublishTo"):
            raise not_supported("lambda", "UpdateFunctionCode with PublishTo")
        with self._store.changing():
            wanted, function, latest = self._latest(context, params)
            package = self._packages.receive(params, "UpdateFunctionCode")
            new = configuration.revised(context, latest | _code(package))
            new |= {"Architectures": params["Architectures"]} if "Architectures" in params else {}
            if params.get("DryRun"):
                return described(wanted, new)
            function.versions[LATEST] = new
            version = self._publish(context, function) if params.get("Publish") else LATEST
            self._store.put(context.region, function)
        self._retire(context.region, wanted.name)
        shown = wanted if version == LATEST else replace(wanted, qualifier=version)
        return described(shown, function.versions[version]) | UPDATING

    def update_configuration(self, context: Context, params: dict) -> dict:
        configuration.check(context, params, "UpdateFunctionConfiguration")
        with self._store.changing():
            wanted, function, latest = self._latest(context, params)
            function.versions[LATEST] = configuration.changed(context, latest, params)
            self._store.put(context.region, function)
        self._retire(context.region, wanted.name)
        return described(wanted, function.versions[LATEST]) | UPDATING

    def delete(self, context: Context, params: dict) -> dict:
        with self._store.changing():
            wanted, function, _ = self.found(context, params)
            if wanted.qualifier == LATEST:
                raise invalid_value("$LATEST version cannot be deleted without deleting the function.")
            if wanted.qualifier:
                self._delete_version(context, function, wanted.qualifier)
            else:
                self._store.delete(context.region, wanted.name)
        self._retire(context.region, wanted.name)
        return {"StatusCode": 204}

    def publish_version(self, context: Context, params: dict) -> dict:
        if params.get("PublishTo"):
            raise not_supported("lambda", "PublishVersion with PublishTo")
        with self._store.changing():
            wanted, function, latest = self._latest(context, params)
            if params.get("CodeSha256", latest["CodeSha256"]) != latest["CodeSha256"]:
                raise invalid_value(
                    f"CodeSHA256 ({params['CodeSha256']}) is different from current CodeSHA256 in $LATEST ({latest['CodeSha256']}). "
                    "Please try again with the CodeSHA256 in $LATEST."
                )
            version = self._publish(context, function, params.get("Description"))
            self._store.put(context.region, function)
        return described(replace(wanted, qualifier=version), function.versions[version])

    def tag(self, context: Context, params: dict) -> None:
        with self._store.changing():
            wanted, function = self._tagged(context, params)
            self._retag(context, wanted, function, _merged(function.tags, params["Tags"]))

    def untag(self, context: Context, params: dict) -> None:
        with self._store.changing():
            wanted, function = self._tagged(context, params)
            self._retag(context, wanted, function, {key: value for key, value in function.tags.items() if key not in params["TagKeys"]})

    def list_tags(self, context: Context, params: dict) -> dict:
        _, function = self._tagged(context, params)
        return {"Tags": function.tags}

    def found(self, context: Context, params: dict) -> tuple[FunctionReference, Function, dict]:
        """The reference, the function and the version that a request names. Raises AwsError ``ResourceNotFoundException``."""
        wanted = names.requested(context, params)
        function = self.present(wanted)
        alias = function.aliases.get(wanted.qualifier)
        return wanted, function, function.versions[alias["FunctionVersion"] if alias else wanted.qualifier or LATEST]

    def present(self, wanted: FunctionReference) -> Function:
        """The function of a reference, which has the version or alias. Raises AwsError ``ResourceNotFoundException``."""
        function = self._store.get(wanted.region, wanted.name)
        if function is None or not function.has(wanted.qualifier):
            raise not_found(f"Function not found: {wanted.arn}")
        return function

    def _latest(self, context: Context, params: dict) -> tuple[FunctionReference, Function, dict]:
        """What a request changes, after a check of its revision id."""
        wanted, function, latest = self.found(context, params)
        if wanted.qualifier not in ("", LATEST):
            raise invalid_value(f"Only $LATEST can be changed; got {params['FunctionName']}.")
        if params.get("RevisionId", latest["RevisionId"]) != latest["RevisionId"]:
            raise wrong_revision()
        return replace(wanted, qualifier=""), function, latest

    def _retag(self, context: Context, wanted: FunctionReference, function: Function, tags: dict[str, str]) -> None:
        function.tags = tags
        self._store.put(context.region, function)
        context.platform.usage.tagged(wanted.arn, tags)

    def _tagged(self, context: Context, params: dict) -> tuple[FunctionReference, Function]:
        wanted, function, _ = self.found(context, {"FunctionName": params["Resource"]})
        if wanted.qualifier:
            raise invalid_value("Tags on function aliases and versions are not supported. Please specify either a function ARN.")
        return wanted, function

    @staticmethod
    def _publish(context: Context, function: Function, description: str | None = None) -> str:
        """Make a version of ``$LATEST``, unless the version published last has the same code and configuration. Returns its number."""
        latest, last = function.versions[LATEST], function.versions.get(str(function.last_version))
        if last is not None and last["_Published"] == latest["RevisionId"]:
            return last["Version"]
        function.last_version += 1
        version = str(function.last_version)
        made = {"Version": version, "_Published": latest["RevisionId"]} | ({} if description is None else {"Description": description})
        function.versions[version] = configuration.revised(context, latest) | made
        return version

    def _delete_version(self, context: Context, function: Function, qualifier: str) -> None:
        if qualifier in function.aliases:
            raise invalid_value(f"An alias is deleted by DeleteAlias; got {qualifier}.")
        using = [name for name, alias in function.aliases.items() if qualifier in versions_of(alias)]
        if using:
            arn = function_arn(context.region, context.account, function.name, qualifier)
            raise conflict(f"Version {arn} cannot be deleted because it is in use by alias(es) {', '.join(using)}.")
        del function.versions[qualifier]
        function.policies.pop(qualifier, None)
        self._store.put(context.region, function)


def versions_of(alias: dict) -> set[str]:
    """The versions to which an alias sends invocations."""
    return {alias["FunctionVersion"], *alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})}


def described(wanted: FunctionReference, version: dict) -> dict:
    """A version's configuration as operations answer it, with the ARN by which the request named it."""
    return {name: value for name, value in version.items() if not name.startswith("_")} | {"FunctionArn": wanted.arn}


def page(member: str, found: list[dict], params: dict, key: Callable[[dict], str]) -> dict:
    """One page of a list operation. The marker is the key of the last item of the page before. Raises AwsError for a wrong marker."""
    first = 0
    if params.get("Marker"):
        first = next((place + 1 for place, shown in enumerate(found) if key(shown) == params["Marker"]), -1)
        if first < 0:
            raise invalid_value("The Marker was not returned by this operation, or its item was deleted.")
    shown = found[first : first + min(params.get("MaxItems", PAGE), PAGE)]
    more = first + len(shown) < len(found)
    return {member: shown} | ({"NextMarker": key(shown[-1])} if more else {})


def _summary(context: Context, name: str, version: dict, qualifier: str) -> dict:
    shown = described(FunctionReference(context.region, context.account, name, qualifier), version)
    return {member: value for member, value in shown.items() if member not in STATE}


def _code(package: Package) -> dict:
    return {"CodeSha256": package.sha256, "CodeSize": package.size, "_Package": package.id}


def _merged(present: dict[str, str], added: dict[str, str]) -> dict[str, str]:
    """The tags of a function after some are added. Raises AwsError as `tag_rules.merged` does, but Lambda's."""
    for key in added:
        if key.lower().startswith(tag_rules.RESERVED):
            raise invalid_value(f"Tag keys that begin with {tag_rules.RESERVED} are reserved; got {key}.")
    tags = present | added
    if len(tags) > tag_rules.MOST_TAGS:
        raise invalid_value(f"Number of tags exceeds resource tag limit: a function can have {tag_rules.MOST_TAGS} tags.")
    return tags
