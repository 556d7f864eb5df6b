"""The diary of a bank: what four monitors measured in each of 33 months, and what the month turned out to be. The months are synthetic."""

import io

import pandas as pd

MONITORS = {
    "DataQuality": ["constant", "drift"],
    "ModelQuality": ["auc"],
    "ModelBias": ["dppl"],
    "ModelExplainability": ["ndcg"],
}
MEASURES = [name for names in MONITORS.values() for name in names]
NOBODY = "nobody"
CALLS = [NOBODY, "forms", "retraining", "fairness", "release"]


def diary() -> pd.DataFrame:
    """``what`` happened, whom to ``call``, and `MEASURES`.

    These are the number of features with one value only, the largest distance of a feature from the baseline, AUC, DPPL, and the nDCG of
    attributions.
    """
    return pd.read_csv(io.StringIO(TEXT), names=["what", "call", *MEASURES])


TEXT = """\
sound,nobody,0,0,0.839,0.17,1
sound,nobody,0,0,0.853,0.156,1
sound,nobody,0,0,0.821,0.16,1
sound,nobody,0,0,0.815,0.191,1
sound,nobody,0,0,0.832,0.181,1
sound,nobody,0,0,0.832,0.169,1
sound,nobody,0,0,0.837,0.162,1
sound,nobody,0,0,0.819,0.199,1
sound,nobody,0,0,0.82,0.178,1
sound,nobody,0,0,0.837,0.188,1
sound,nobody,0,0,0.804,0.17,1
sound,nobody,0,0,0.818,0.199,1
others apply,nobody,0,0.281,0.827,0.179,1
others apply,nobody,0,0.292,0.848,0.159,1
others apply,nobody,0,0.274,0.83,0.157,1
one value,forms,1,0.264,0.814,0.171,0.997
one value,forms,1,0.344,0.841,0.207,0.999
one value,forms,1,0.265,0.829,0.162,0.997
percent,forms,0,0.951,0.745,0.286,0.945
percent,forms,0,0.945,0.759,0.312,0.945
percent,forms,0,0.945,0.768,0.241,0.945
criteria,retraining,0,0,0.651,0.152,1
criteria,retraining,0,0,0.657,0.15,1
criteria,retraining,0,0,0.666,0.177,1
scores,fairness,0,0,0.829,0.321,1
scores,fairness,0,0,0.833,0.27,1
scores,fairness,0,0,0.833,0.271,1
payments,fairness,0,0.038,0.825,0.334,0.998
payments,fairness,0,0.039,0.816,0.366,0.998
payments,fairness,0,0.051,0.793,0.362,0.998
other model,release,0,0,0.744,0.121,0.7
other model,release,0,0,0.723,0.012,0.803
other model,release,0,0,0.752,0.083,0.803
"""
