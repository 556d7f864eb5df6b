"""To be written."""


def judge_finish(*arguments: object) -> None:
    raise NotImplementedError


def practice_cases(*arguments: object) -> None:
    raise NotImplementedError
