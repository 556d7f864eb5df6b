"""``model.tar.gz``: of XGBoost models that checks deploy, and of jobs whose output they read."""

from __future__ import annotations

import io
import json
import tarfile

from course.grading.errors import AnswerError
from course.sandbox import trees

LARGEST = 64_000_000  # bytes of a file that a check reads


def packed(model: bytes) -> bytes:
    """An archive of a model, as XGBoost writes it, under the name that SageMaker's container expects."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        entry = tarfile.TarInfo("xgboost-model")
        entry.size = len(model)
        archive.addfile(entry, io.BytesIO(model))
    return target.getvalue()


def constant(base: float) -> bytes:
    """The archive of a model of two columns that answers ``base`` to every request.

    It is written as XGBoost writes it: one tree, whose only leaf adds nothing. The import of XGBoost would take longer than a whole check.
    https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html has the schema.
    """
    leaf = {"base_weights": [0.0], "default_left": [0], "loss_changes": [0.0], "split_conditions": [0.0], "sum_hessian": [1.0]}
    nodes = {"left_children": [-1], "right_children": [-1], "parents": [2147483647], "split_indices": [0], "split_type": [0]}
    kinds: dict[str, list[int]] = {"categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": []}
    size = {"num_deleted": "0", "num_feature": "2", "num_nodes": "1", "size_leaf_vector": "1"}
    trees = {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "1"},
        "iteration_indptr": [0, 1],
        "tree_info": [0],
        "trees": [{"id": 0, "tree_param": size} | leaf | nodes | kinds],
    }
    model = {
        "learner": {
            "attributes": {},
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": {"model": trees, "name": "gbtree"},
            "learner_model_param": {
                "base_score": f"{base:.8g}",  # XGBoost takes a number of more digits for 0.5, without a word
                "boost_from_average": "0",
                "num_class": "0",
                "num_feature": "2",
                "num_target": "1",
            },
            "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}},
        },
        "version": [1, 7, 6],  # an old one, because an image refuses the models of later releases
    }
    return packed(json.dumps(model).encode())


def read_file(archive: bytes, name: str) -> bytes:
    """A file of an archive that a job of the submission made. It is read in memory: nothing is unpacked.

    Raises
    ------
    AnswerError
        It is no such archive, or has no file of that name of at most `LARGEST` bytes.
    """
    try:
        return trees.read_member(io.BytesIO(archive), name, LARGEST)
    except trees.TreeError as error:
        raise AnswerError(f"The model.tar.gz of your job cannot be used: {error}.") from error
