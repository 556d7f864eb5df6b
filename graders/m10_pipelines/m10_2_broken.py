"""To be written."""


def judge_form(*arguments: object) -> None:
    raise NotImplementedError


def judge_repairs(*arguments: object) -> None:
    raise NotImplementedError
