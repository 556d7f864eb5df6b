"""Service Quotas behind the gateway. Templates, tags, automatic management and support cases on request are refused."""

from __future__ import annotations

from course.localaws.iam.service_authorization.permissions import ServicePermissions, ServiceRecords
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread
from course.localaws.servicequotas.catalogue import Catalogue
from course.localaws.servicequotas.increases import Increases
from course.localaws.servicequotas.utilization import Utilization


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``servicequotas``."""
    quotas = platform.service_quotas
    catalogue = Catalogue(quotas)
    operations = {**catalogue.operations(), **Increases(quotas, catalogue).operations(), **Utilization(quotas).operations()}
    records = ServiceRecords(tags=lambda arn: {})  # quotas have no tags here
    permissions = ServicePermissions("servicequotas", "service-quotas", records).required
    return Service("service-quotas", platform, operations, run=in_thread, permissions=permissions, stages=stages, backend=quotas)
