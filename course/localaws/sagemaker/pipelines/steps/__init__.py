"""How the steps of each type run. A module for each group of types; `course.localaws.sagemaker.pipelines.steps.types` lists them."""
