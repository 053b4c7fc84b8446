"""The local model on public data that nobody here wrote: development parts only.

The floors are a little below what was measured; they catch a fall, they are no claim.
"""

import gzip
import json
from pathlib import Path

import pytest

from earmark.evaluation.classification_metrics import score_classification
from earmark.evaluation.clustering_metrics import score_clustering
from earmark.llm.clustering import GraphThemeFinder
from earmark.llm.local import LocalModels
from earmark.prompts import default_taxonomy

LABELLED = Path(__file__).parents[3] / "shared/data/labelled"
KINDS = {"bug": "product_issue", "feature": "feature_request", "question": "question"}
INSURANCE = {
    "ResetPassword": "account_issue",
    "ChangeSecurityQuestion": "account_issue",
    "ChangeAddress": "account_issue",
    "CreateAccount": "account_issue",
    "PayBill": "billing_question",
    "ReportBillingIssue": "billing_question",
    "UpdatePaymentPreference": "billing_question",
    "CancelAutomaticBilling": "billing_question",
    "UpdateBillingFrequency": "billing_question",
}

pytestmark = pytest.mark.skipif(
    not LABELLED.is_dir(), reason=f"the public data of the project is not at {LABELLED}"
)


def read(name: str) -> list[dict[str, str]]:
    """The rows of one file."""
    with gzip.open(LABELLED / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_default_taxonomy_tells_kinds_of_issues_apart_without_any_label() -> None:
    rows = [row for row in read("nlbse24_train") if row["repo"] == "facebook/react"]
    texts = [f"{row['title']}\n{row['body']}" for row in rows]
    model = LocalModels().fit(texts, default_taxonomy())
    given = [prediction.category_ids[0] for prediction in model.classify(texts)]
    asking = {"how_to_question": "question", "configuration_help": "question"}
    scores = score_classification(
        [KINDS[row["label"]] for row in rows], [asking.get(label, label) for label in given]
    )
    assert scores.accuracy > 0.6


def test_default_taxonomy_tells_accounts_from_bills_without_any_label() -> None:
    everything = read("dstc11_development_utterances")
    rows = [row for row in everything if row["label"] in INSURANCE]
    model = LocalModels().fit([row["text"] for row in everything], default_taxonomy())
    predictions = model.classify([row["text"] for row in rows])
    scores = score_classification(
        [INSURANCE[row["label"]] for row in rows], [one.category_ids[0] for one in predictions]
    )
    assert scores.macro_f1 > 0.8


@pytest.mark.parametrize(
    ("name", "least_rand", "least_precision"),
    [("dstc11_development_utterances", 0.6, 0.7), ("clinc150_val", 0.4, 0.4)],
)
def test_groups_agree_with_what_people_called_alike(
    name: str, least_rand: float, least_precision: float
) -> None:
    rows = read(name)
    texts = [row["text"] for row in rows]
    vectors = LocalModels().fit(texts, default_taxonomy()).embed(texts)
    labels = GraphThemeFinder().induce(vectors, min_size=3).labels.tolist()
    scores = score_clustering([row["label"] for row in rows], labels)
    assert scores.adjusted_rand > least_rand
    assert scores.pairwise_precision > least_precision
    assert scores.assigned_share > 0.7
