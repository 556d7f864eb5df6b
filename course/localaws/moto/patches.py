"""Our changes to moto 5.2.5, and the reasons. Each function runs once, right after the import of the module that it names."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import copy
from functools import cache
from types import ModuleType
from typing import Any

from course.localaws.moto import canned, instance_offers, replay
from course.localaws.moto.replay import current, patch_on_import, random_source, recorded, use_context
from course.localaws.protocol import model_files


@patch_on_import("moto.settings")
def _settings(settings: ModuleType) -> None:
    # Load AWS's managed policies, which every account has. Send no CORS headers, because no web page may call the local AWS.
    settings.load_iam_aws_managed_policies = lambda: True
    settings.DISABLE_GLOBAL_CORS = True


@patch_on_import("moto.backends")
def _modules(module: ModuleType) -> None:
    # moto lists its own folders at every request, which takes 1.5 ms.
    modules = list(module.list_of_moto_modules())
    module.list_of_moto_modules = lambda: modules


@patch_on_import("moto.core.loaders")
def _models(module: ModuleType) -> None:
    # moto adds to some of botocore's models, so it needs its own loader. It makes one for each model.
    loader = module.Loader(extra_search_paths=[module.moto_root], file_loader=model_files.PlainFiles())
    module.create_loader = lambda: loader


@patch_on_import("moto.core.utils")
def _unix_time(module: ModuleType) -> None:
    # At every access a queue reads the time once for each message. moto's version builds three dates for that, which dominates a replay.
    original = module.unix_time
    module.unix_time = lambda dt=None: replay.now() if dt is None else original(dt)


@patch_on_import("moto.moto_api._internal.moto_random")
def _generator(module: ModuleType) -> None:
    # All modules import moto's one generator by name, so replace the two methods that all its others use.
    module.MotoRandom.random = lambda self: random_source.random()
    module.MotoRandom.getrandbits = lambda self, bits: random_source.getrandbits(bits)


@patch_on_import("moto.core.base_backend")
def _default_resources(module: ModuleType) -> None:
    # moto makes a region's backend at its first use, even by a List operation. The backend's ids must not depend on that request.
    original = module.AccountSpecificBackend.__init__

    def init(self: Any, service_name: str, account_id: str, backend: type, *args: Any, **kwargs: Any) -> None:
        def born(region_name: str, account_id: str) -> object:
            with use_context(replay.default_resource_context(service_name, account_id, region_name)):
                return backend(region_name, account_id=account_id)

        with use_context(replay.default_resource_context(service_name, account_id)):
            original(self, service_name, account_id, born, *args, **kwargs)

    module.AccountSpecificBackend.__init__ = init


@patch_on_import("moto.core.responses")
def _operations(module: ModuleType) -> None:
    # Here moto knows the operation that it is about to perform. So record its name here, and refuse it if moto would fake its result,
    # or if it would keep more than the quota allows.
    perform = module.BaseResponse.call_action

    def call_action(self: Any) -> Any:
        context = current()
        if context and not context.operation:  # moto may perform other operations inside the caller's; keep the caller's
            context.operation = self._get_action() or ""
            if not context.replaying:
                canned.check(context.service, context.operation)
                context.admit(context.operation)
        return perform(self)

    module.BaseResponse.call_action = call_action
    # Use the gateway's request id. A random one would also mark every read as a change, because it uses the random source.
    module.gen_amzn_requestid_long = _request_id


def _request_id(headers: dict | None = None) -> str:
    context = current()
    request_id = context.request_id if context else ""
    if headers is not None:
        headers["x-amzn-requestid"] = request_id
    return request_id


@patch_on_import("moto.iam.models")
def _managed_policies(module: ModuleType) -> None:
    # AWS's 1,582 managed policies and their ids are the same in every account. moto makes them again for each account, in 0.15 s.
    with use_context(replay.seeded_context(0.0, b"AWS's managed policies")):
        known = json.loads(module.aws_managed_policies_data)
        policies = [module.AWSManagedPolicy.from_data(name, "aws", "us-east-1", policy) for name, policy in known.items()]

    original = module.IAMBackend._init_aws_policies

    def of_account(self: Any) -> list:
        if self.partition != "aws":
            return original(self)
        mine = [copy(policy) for policy in policies]  # each copy counts its own attachments
        for policy in mine:
            policy.account_id, policy.tags = self.account_id, {}
            policy.versions = [copy(version) for version in policy.versions]
        return mine

    module.IAMBackend._init_aws_policies = of_account


@patch_on_import("moto.iam.models")
def _user_boundaries(module: ModuleType) -> None:
    # moto keeps permissions boundaries of roles, but not of users. It also accepts a boundary that does not exist.
    backend, user = module.IAMBackend, module.User
    user.permissions_boundary_arn = None
    user.permissions_boundary = module.Role.permissions_boundary

    def check(self: Any, arn: str) -> None:
        if arn not in self.managed_policies:
            raise module.NotFoundException(f"Scope ARN: {arn} does not exist or is not attachable.")

    def put_user_permissions_boundary(self: Any, user_name: str, permissions_boundary: str) -> None:
        found = self.get_user(user_name)
        check(self, permissions_boundary)
        found.permissions_boundary_arn = permissions_boundary

    def delete_user_permissions_boundary(self: Any, user_name: str) -> None:
        self.get_user(user_name).permissions_boundary_arn = None

    backend.check_permissions_boundary = check
    backend.put_user_permissions_boundary = put_user_permissions_boundary
    backend.delete_user_permissions_boundary = delete_user_permissions_boundary


@patch_on_import("moto.iam.responses")
def _user_boundary_requests(module: ModuleType) -> None:
    responses = module.IamResponse
    create = responses.create_user

    def create_user(self: Any) -> Any:
        boundary = self._get_param("PermissionsBoundary")
        if boundary:
            self.backend.check_permissions_boundary(boundary)
        answer = create(self)
        if boundary:
            self.backend.put_user_permissions_boundary(self._get_param("UserName"), boundary)
        return answer

    def put_user_permissions_boundary(self: Any) -> Any:
        self.backend.put_user_permissions_boundary(self._get_param("UserName"), self._get_param("PermissionsBoundary"))
        return module.EmptyResult()

    def delete_user_permissions_boundary(self: Any) -> Any:
        self.backend.delete_user_permissions_boundary(self._get_param("UserName"))
        return module.EmptyResult()

    responses.create_user = create_user
    responses.put_user_permissions_boundary = put_user_permissions_boundary
    responses.delete_user_permissions_boundary = delete_user_permissions_boundary
    for answer in ("CreateUserResponse.User", "GetUserResponse.User"):
        responses.RESPONSE_KEY_PATH_TO_TRANSFORMER[f"{answer}.PermissionsBoundary"] = module.return_if_not_empty
    responses.RESPONSE_KEY_PATH_TO_TRANSFORMER["ListUsersResponse.Users.User.PermissionsBoundary"] = module.never_return


@patch_on_import("moto.sqs.models")
def _long_polling(module: ModuleType) -> None:
    # moto waits for messages inside the request. Here it would never return: its clock is frozen, and no other request can run.
    # So it answers at once and reports how long the caller would have waited.
    receive = module.SQSBackend.receive_message

    def receive_message(self: Any, queue_name: str, count: int, wait_seconds_timeout: int, *args: Any, **kwargs: Any) -> list:
        queue = self.get_queue(queue_name)
        kept = len(queue._messages)
        messages = receive(self, queue_name, count, 0, *args, **kwargs)
        if (context := current()) and not messages:
            context.wait = float(wait_seconds_timeout or 0)
            context.idle = len(queue._messages) == kept  # also, no message went to the dead-letter queue
        return messages

    module.SQSBackend.receive_message = receive_message


@patch_on_import("moto.events.utils")
def _whole_events(module: ModuleType) -> None:
    # Without an InputTransformer a target gets the event unchanged. moto fills its own template instead: it omits the account, and
    # replaces text of the event that looks like a placeholder.
    parse = module.EventTemplateParser.parse

    def whole(input_template: str | None, input_paths_map: dict, event: dict) -> dict:
        if input_template:
            return parse(input_template, input_paths_map, event)
        return {name: value for name, value in event.items() if name != "ingestion-time"}

    module.EventTemplateParser.parse = staticmethod(whole)


@patch_on_import("moto.cloudwatch.models")
def _alarms(module: ModuleType) -> None:
    # moto's new alarms are in state OK, although nothing has evaluated them yet.
    init = module.Alarm.__init__

    def unchecked(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self.state_value, self.state_reason = "INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"

    module.Alarm.__init__ = unchecked


@patch_on_import("moto.ecr.models")
def _images(module: ModuleType) -> None:
    # If a tag moves to another image, the old image stays without a tag; moto would delete it. The size of an image is the sum of
    # its parts' sizes.
    put = module.ECRBackend.put_image

    def put_image(self: Any, repository_name: str, *args: Any, **kwargs: Any) -> Any:
        repository = self.repositories.get(repository_name)
        before = list(repository.images) if repository else []
        image = put(self, repository_name, *args, **kwargs)
        for other in before:
            if other not in repository.images:
                other.image_tag, other.image_tags = None, []
                repository.images.append(other)
        return image

    def size(self: Any) -> int | None:
        manifest = json.loads(self.image_manifest)
        if "layers" not in manifest:
            return None
        return sum(part.get("size", 0) for part in (manifest.get("config") or {}, *manifest["layers"]))

    module.ECRBackend.put_image, module.Image.get_image_size_in_bytes = put_image, size


@patch_on_import("moto.cloudformation.parsing")
def _resource_types(module: ModuleType) -> None:
    # moto skips resource types that it does not know, and reports CREATE_COMPLETE.
    load = module.ResourceMap.load

    def load_known(self: Any) -> None:
        context = current()
        if context and not context.replaying:
            types = [resource.get("Type", "") for resource in self._resource_json_map.values()]
            canned.check_resource_types(types, {*module.get_model_map(), *module.NULL_MODELS})
        load(self)

    module.ResourceMap.load = load_known


@patch_on_import("moto.glue.responses")
def _table_versions(module: ModuleType) -> None:
    # moto ignores VersionId, by which Iceberg's clients notice that another client committed meanwhile. Its commit would be lost.
    from moto.core.exceptions import JsonRESTError

    original = module.GlueResponse.update_table

    def update_table(self: Any) -> Any:
        version, table = self.parameters.get("VersionId"), self.parameters.get("TableInput", {})
        if version:
            present = self.glue_backend.get_table(self.parameters.get("DatabaseName"), table.get("Name"))
            if str(version) != present.as_dict()["VersionId"]:
                raise JsonRESTError(
                    "ConcurrentModificationException", f"Update table failed due to concurrent modifications: {table['Name']}"
                )
        return original(self)

    module.GlueResponse.update_table = update_table


@patch_on_import("moto.ec2.models.nat_gateways")
def _tagged_gateways(module: ModuleType) -> None:
    # moto ignores the filters of NAT gateways by tags, and returns all of them.
    from moto.ec2.utils import tag_filter_matches

    original = module.NatGatewayBackend.describe_nat_gateways

    def describe_nat_gateways(self: Any, filters: dict[str, list[str]] | None, nat_gateway_ids: list[str] | None) -> list[Any]:
        found = original(self, filters, nat_gateway_ids)
        tags = {name: values for name, values in (filters or {}).items() if name.startswith("tag")}
        return [each for each in found if all(tag_filter_matches(each, name, values) for name, values in tags.items())]

    module.NatGatewayBackend.describe_nat_gateways = describe_nat_gateways


@patch_on_import("moto.utilities.utils")
def _offers_on_demand(module: ModuleType) -> None:
    # See `instance_offers`: EC2's modules shall find the files of all regions empty while they are imported.
    original = module.load_resource
    module.load_resource = lambda resource: [] if resource.startswith(instance_offers.FOLDER) else original(resource)

    @patch_on_import("moto.ec2.models.instance_types")
    def read_on_demand(instance_types: ModuleType) -> None:
        for location_type in instance_offers.location_types():
            instance_types.INSTANCE_TYPE_OFFERINGS[location_type] = instance_offers.RegionalOffers(location_type, original)


OUTSIDE_SECONDS = 5.0  # timeout of a request to a subscriber's server; all other requests to moto wait meanwhile

# Changes to other libraries that moto's modules use. Outside a request to moto these functions behave as before.


def patch_libraries() -> None:
    """Makes private keys from a library, and responses from other servers, the same at replay, and regions quick to list.

    Sessions then share botocore's models. A sealed local AWS sends no requests to other servers.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from requests import Response, Session

    from course.localaws.moto import bridge  # which imports this module

    def dump(key: Any) -> bytes:
        return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def taped(make: Callable[..., Any]) -> Callable[..., Any]:
        # Outside a request to moto, `dump` and loading give back the same key.
        def make_or_remember(*args: Any, **kwargs: Any) -> Any:
            return serialization.load_der_private_key(recorded(lambda: dump(make(*args, **kwargs))), password=None)

        return make_or_remember

    rsa.generate_private_key = taped(rsa.generate_private_key)
    ec.generate_private_key = taped(ec.generate_private_key)
    ed25519.Ed25519PrivateKey.generate = taped(ed25519.Ed25519PrivateKey.generate)
    serial_number = x509.random_serial_number
    x509.random_serial_number = lambda: random_source.getrandbits(159) if current() else serial_number()

    send = Session.request

    def request(self: Session, method: str, url: str, **kwargs: Any) -> Response:
        context = current()
        if context is None:
            return send(self, method, url, **kwargs)
        if context.replaying:
            again = Response()
            again.status_code = 200
            return again
        if not bridge.sends_requests():
            raise ConnectionError("This local AWS sends no requests to other servers.")
        return send(self, method, url, **{"timeout": OUTSIDE_SECONDS, **kwargs})

    Session.request = request
    model_files.share()
    _remember_regions()


def _remember_regions() -> None:
    # moto lists the regions of a service with a new session, which parses botocore's endpoints and the service's model each time.
    from botocore.session import Session

    ask, shared = Session.get_available_regions, Session()
    remembered = cache(lambda *names: tuple(ask(shared, *names)))

    def get_available_regions(self: Session, service_name: str, partition_name: str = "aws", allow_non_regional: bool = False) -> list[str]:
        return list(remembered(service_name, partition_name, allow_non_regional))

    Session.get_available_regions = get_available_regions
