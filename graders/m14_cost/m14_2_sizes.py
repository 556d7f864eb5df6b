def judge_small_weeks(answer, report):
    report.part("practice", False, "-")


def judge_move(answer, report):
    for each in ("type", "kept"):
        report.part(each, False, "-")
