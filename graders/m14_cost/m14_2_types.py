def judge_tables(answer, report):
    report.part("practice", False, "-")
