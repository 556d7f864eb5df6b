"""GetRandomPassword. Source: the API reference; the punctuation characters are those that it lists."""

from __future__ import annotations

import secrets
import string

from course.localaws.context import Context, Operation
from course.localaws.secretsmanager.operations.common import invalid_parameter

DEFAULT_LENGTH, LONGEST = 32, 4096
_TYPES = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


def get_random_password(context: Context, params: dict) -> dict:
    length, excluded = params.get("PasswordLength", DEFAULT_LENGTH), set(params.get("ExcludeCharacters", ""))
    types = [characters for member, characters in _TYPES.items() if not params.get(member)] + [" "] * bool(params.get("IncludeSpace"))
    usable = ["".join(character for character in characters if character not in excluded) for characters in types]
    usable = [characters for characters in usable if characters]
    required = usable if params.get("RequireEachIncludedType", True) else []
    if not usable:
        raise invalid_parameter("The request excludes every character, so there is no password.")
    if not max(1, len(required)) <= length <= LONGEST:
        raise invalid_parameter(f"PasswordLength must be between {max(1, len(required))} and {LONGEST} for the types that it must include.")
    chosen = [secrets.choice(characters) for characters in required]
    chosen += [secrets.choice("".join(usable)) for _ in range(length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return {"RandomPassword": "".join(chosen)}


OPERATIONS: dict[str, Operation] = {"GetRandomPassword": get_random_password}
