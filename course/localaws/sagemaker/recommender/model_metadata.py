"""ListModelMetadata: the models that Inference Recommender can take as the nearest to one's own. `model_metadata.yaml` has the list."""

from __future__ import annotations

from pathlib import Path

from course.localaws.context import Context
from course.localaws.core import paging
from course.localaws.core.data_files import table

TABLE = Path(__file__).with_name("model_metadata.yaml")


def list_model_metadata(context: Context, params: dict) -> dict:
    """The models that match all filters; values are case-sensitive, as on AWS."""
    filters = params.get("SearchExpression", {}).get("Filters", ())
    found = [model for model in table(TABLE)["models"] if all(model[each["Name"]] == each["Value"] for each in filters)]
    shown, token = paging.page(found, "Model", lambda model: model["Model"], {"SortOrder": "Ascending"} | params)
    return {"ModelMetadataSummaries": shown} | ({"NextToken": token} if token else {})
