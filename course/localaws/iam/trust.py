"""The trust policies of roles: which services may assume a role."""

from __future__ import annotations


def trusts(role: dict | None, service: str) -> bool:
    """Whether a service may assume a role, by the trust policy's statements. Their conditions are not evaluated.

    Parameters
    ----------
    role : dict or None
        What `course.localaws.iam.identity.Identity.role_document` returned; None when there is no such role.
    service : str
        A service principal, e.g. ``"sagemaker.amazonaws.com"``.
    """
    statements = role["AssumeRolePolicyDocument"]["Statement"] if role else []
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else [principal]
        if statement["Effect"] == "Allow" and {service, "*"} & set([services] if isinstance(services, str) else services):
            return True
    return False
