"""What finding personal data in text needs, beside regular expressions."""


def luhn(number: str) -> bool:
    """Whether digits end in the right check digit, as those of payment cards do. Spaces and hyphens do not count."""
    digits = [int(each) for each in number if each.isdigit()]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return bool(digits) and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
