"""Tests the cases that m10_2 draws: changes that only a hash of names and contents sees, and endpoints whose models differ in all."""

from __future__ import annotations

import random

import pytest

from graders.m10_pipelines.m10_2_origin import practice_plan, unseen_plan
from graders.m10_pipelines.m10_2_pinned import practice_case, unseen_case

SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("draw", [practice_case, unseen_case])
def test_each_source_but_a_shared_script_has_files_of_its_own_before_and_after_its_change(draw, seed):
    case = draw(random.Random(seed))
    sources = [source for (_, name), source in case.sources.items() if name != "code"]
    files = [source.files for source in (*sources, *case.changed().values())]
    files += [dict(code) for code in {tuple(case.sources[step, name].files.items()) for step, name in case.sources if name == "code"}]
    assert all(one != other for index, one in enumerate(files) for other in files[:index])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_two_processing_steps_of_an_unseen_case_have_the_same_script(seed):
    sources = unseen_case(random.Random(seed)).sources
    assert sources["Prepare", "code"] == sources["Check", "code"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("draw", [practice_case, unseen_case])
def test_no_change_touches_the_sizes_or_adds_a_file(draw, seed):
    case = draw(random.Random(seed))
    for label, changed in case.changed().items():
        before = case.sources[label].files
        assert sorted(map(len, changed.files.values())) == sorted(map(len, before.values()))
        assert len(changed.files.keys() ^ before.keys()) in (0, 2)  # at most one has another name


@pytest.mark.parametrize("seed", SEEDS)
def test_an_unseen_case_runs_one_of_its_processing_steps_again(seed):
    case = unseen_case(random.Random(seed))
    assert "Train" in case.run_again() and len({"Prepare", "Check"} & case.run_again()) == 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("draw", [practice_plan, unseen_plan])
def test_the_endpoints_serve_models_of_other_tables_and_scripts(draw, seed):
    one, other = (starts[-1] for starts in draw(random.Random(seed)).served)
    assert one.table != other.table and one.script != other.script


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("draw", [practice_plan, unseen_plan])
def test_each_served_model_is_taken_from_the_cache_once_more(draw, seed):
    plan = draw(random.Random(seed))
    assert {starts[-1] for starts in plan.served} == set(plan.waves[-1])
    assert set(plan.waves[-1]) <= {start for wave in plan.waves[:-1] for start in wave}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("draw", [practice_plan, unseen_plan])
def test_one_served_model_learned_from_rows_of_an_earlier_execution(draw, seed):
    first, [later], _ = draw(random.Random(seed)).waves
    assert later not in first and (later.table, later.script) in {(start.table, start.script) for start in first}
