def judge_weeks(answer, report):
    report.part("fitting", False, "-")
