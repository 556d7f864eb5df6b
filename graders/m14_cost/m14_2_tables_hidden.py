def judge_unseen_tables(answer, report):
    for each in ("practice", "unseen", "edges"):
        report.part(each, False, "-")
