"""To be written."""


def judge_origin(*arguments: object) -> None:
    raise NotImplementedError
