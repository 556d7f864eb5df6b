# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Distances of checkpoints for unseen jobs, compared with the best ones (m14_2_ex1)."""

from __future__ import annotations

import math
import random

from course.grading import Answer, Report

from .m14_2_spot import SpotJob, judged

JOBS = 12
GUESSED = 0.25  # of the jobs: what a rule without any of the facts gets right


def judge_distances(answer: Answer, report: Report) -> None:
    """Report the part distance."""
    results = [judged(answer, job) for job in _jobs(answer.rng)]
    right = sum(share for share, _ in results) / len(results)
    wrong = [said for share, said in results if share < 1]
    said = f"{len(results) - len(wrong)} of {len(results)} unseen jobs save about as often as they should. {wrong[0] if wrong else ''}"
    report.part("distance", max(0.0, (right - GUESSED) / (1 - GUESSED)), said.strip())


def _jobs(rng: random.Random) -> list[SpotJob]:
    """Jobs whose best distances are from a few rounds to hundreds, two that save for nothing, and one that is never interrupted."""
    jobs = [_job(rng, number / (JOBS - 4)) for number in range(JOBS - 3)]
    jobs += [_for_nothing(rng), _for_nothing(rng), SpotJob(rng.randrange(100, 400), 2.0, rng.uniform(20, 60), 5e6)]
    rng.shuffle(jobs)
    return jobs


def _job(rng: random.Random, place: float) -> SpotJob:
    """``place`` from 0 to 1: few to many rounds between two checkpoints."""
    wanted = math.exp(math.log(3) + place * math.log(120))
    lifetime = rng.uniform(1, 6) * 3600
    save = lifetime * rng.uniform(0.0005, 0.008)
    seconds = round(math.sqrt(2 * save * lifetime) / wanted, 3)
    rounds = int(rng.uniform(0.5, 4) * lifetime / seconds) + int(2 * wanted)
    return SpotJob(rounds, seconds, round(save, 1), round(lifetime))


def _for_nothing(rng: random.Random) -> SpotJob:
    return SpotJob(rng.randrange(500, 3000), rng.uniform(5, 20), 0.0, rng.uniform(1, 4) * 3600)
