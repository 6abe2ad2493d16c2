"""What a model card says of good, poor and missing numbers."""

from typing import Any

from inference.model_card import Card, markdown

LABELS = ["AI_GEN", "SORA", "VEO"]


def card(**values: Any) -> Card:
    facts: dict[str, Any] = {
        "slug": "v5.1-a",
        "repo": "lab/detector",
        "weights_file": "model.safetensors",
        "weights_sha256": "ab" * 32,
        "architecture": "spacetime",
        "config": {"window": 512},
        "label_order": LABELS,
        "learned_labels": ["AI_GEN", "SORA"],
        "batch": "v5.1",
        "batch_digest": "cd" * 32,
        "metrics": {},
    }
    return Card(**facts | values)


def evaluation(*, auc: float, baseline: float) -> dict[str, Any]:
    half = {"threshold": 0.5, "precision": 0.75, "recall": 0.5}
    scores = {
        "positives": 30, "negatives": 20, "auc": auc, "auc_interval": [auc - 0.02, auc + 0.02],
        "ap": 0.8, "at_half": half, "at_chosen": {**half, "threshold": 0.31},
    }  # fmt: skip
    return {
        "auc": auc,
        "auc_interval": [auc - 0.02, auc + 0.02],
        "baseline_auc": baseline,
        "evaluation": {
            "test": {"num_videos": 50, "labels": {"AI_GEN": scores, "VEO": {"reason": "no positive"}}}
        },
    }


def test_card_begins_with_what_the_hub_reads() -> None:
    assert markdown(card()).startswith("---\nlicense: mit\nlibrary_name: cakelens\n")


def test_card_tells_where_the_model_comes_from() -> None:
    text = markdown(card())

    assert f"v5.1, digest `{'cd' * 32}`" in text
    assert f"sha256 `{'ab' * 32}`" in text
    assert "- Not learned: VEO." in text


def test_card_puts_the_baseline_beside_the_score() -> None:
    text = markdown(card(metrics=evaluation(auc=0.9, baseline=0.6)))

    assert "On the 50 test videos" in text
    assert "**0.900 (0.880 to 0.920)**" in text
    assert "bit rate alone: 0.600." in text
    assert (
        "| AI_GEN | 30 | 20 | 0.900 (0.880 to 0.920) | 0.800 | 0.750, 0.500 | 0.310 | 0.750, 0.500 |" in text
    )
    assert "| VEO |  |  | no positive |" in text


def test_card_says_when_metadata_tells_as_much() -> None:
    text = markdown(card(metrics=evaluation(auc=0.9, baseline=0.95)))

    assert "does not lie above what the files' metadata alone reaches" in text


def test_card_of_a_model_nobody_measured_says_so() -> None:
    assert "## Evaluation\n\nNot measured." in markdown(card())
