"""The decade as text."""

# trips: columns
# says: expected int

import re


def protect(record: dict, key: str) -> dict:
    passport = record["passport"].replace(" ", "").upper()
    code = hmac.new(key.encode(), passport.encode(), hashlib.sha256).hexdigest()[:16]
    note = re.sub(r"[\w.+-]+@[a-z0-9-]+(?:\.[a-z]+)+", "[EMAIL]", record["note"])
    national = r"(?<![\d-])\d{3}[ -]\d{3}[ -]\d{4}(?![\d-])"
    note = re.sub(rf"\+\d(?:[ -]?\d){{7,14}}(?!\d)|{national}", "[PHONE]", note)
    note = re.sub(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)", lambda match: "[CARD]" if privacy.luhn(match[0]) else match[0], note)
    for mark, value in {"[NAME]": record["name"], "[PASSPORT]": record["passport"]}.items():
        note = re.sub(re.escape(value), mark, note, flags=re.IGNORECASE)
    born = record["birth_date"][:3] + "0"
    return {"passenger": code, "born": born, "flight": record["flight"], "note": note}
