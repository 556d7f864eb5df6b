"""To be written."""


def judge_pin(*arguments: object) -> None:
    raise NotImplementedError
