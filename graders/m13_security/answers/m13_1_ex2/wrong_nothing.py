"""Nothing is allowed."""

# trips: practice
# says: Refused by mistake


def scientist_policy(team: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
