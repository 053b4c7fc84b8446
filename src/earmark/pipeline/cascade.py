"""Who decides a label: the local model where people have shown that it may, else a language model.

A local answer counts where its calibrated confidence reaches the threshold of its category, which
held-out labels by people have set (`text_models.calibration`). Without such labels there is no
threshold, and the language model reads everything. Of what the local model decides, a random few
are read by the language model as well, so that drift is seen.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from earmark.db.models import CANNOT_TELL, Stated
from earmark.llm.base import Prediction

AUDIT_SHARE: Final = 0.03
SURE: Final = 0.5
"""More likely right than wrong, by a calibrated probability; below it nothing is claimed."""

_STATED: Final = {Stated.HIGH: 0.75, Stated.MEDIUM: 0.6, Stated.LOW: 0.4}
"""What is believed of a language model's own word while nobody has checked it."""
_PRIOR_WEIGHT: Final = 10
"""Labels by people that weigh as much as that belief."""


class Mode(StrEnum):
    """Who reads."""

    OFFLINE = "offline"
    CASCADE = "cascade"
    LLM = "llm"


class Route(StrEnum):
    """Who reads one conversation."""

    LOCAL = "local"
    ASK = "ask"
    AUDIT = "audit"


Agreement = Mapping[Stated, tuple[int, int]]
"""Of labels that a language model stated so surely: how many people agreed with, of how many."""


def route(
    mode: Mode,
    thresholds: Mapping[str, float],
    opening: Prediction,
    final: Prediction,
    draw: float,
) -> Route:
    """Who reads a conversation; `draw` is its number between 0 and 1."""
    if mode is Mode.OFFLINE:
        return Route.LOCAL
    if mode is Mode.LLM or not (_decides(thresholds, opening) and _decides(thresholds, final)):
        return Route.ASK
    return Route.AUDIT if draw < AUDIT_SHARE else Route.LOCAL


def _decides(thresholds: Mapping[str, float], prediction: Prediction) -> bool:
    return is_proven(thresholds, prediction.category_ids[0], prediction.probabilities[0])


def is_proven(thresholds: Mapping[str, float | None], category_id: str, confidence: float) -> bool:
    """Whether people have shown that the local model may say so; never below even odds."""
    threshold = thresholds.get(category_id)
    return threshold is not None and confidence >= max(threshold, SURE)


def draw(conversation_id: str, model_version: str) -> float:
    """A number from 0 up to 1 that is the same for the same conversation and model."""
    digest = hashlib.sha256(f"{model_version}\0{conversation_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def confidence(stated: Stated, agreement: Agreement) -> float:
    """How likely a label is right that a language model stated so surely.

    The mean of a beta distribution that begins at a cautious belief and follows people's labels.
    """
    agreed, checked = agreement.get(stated, (0, 0))
    return (agreed + _PRIOR_WEIGHT * _STATED[stated]) / (checked + _PRIOR_WEIGHT)


def decide(prediction: Prediction) -> tuple[str, float]:
    """The category that a prediction amounts to, and the probability of the best one."""
    top = prediction.probabilities[0]
    return claim(prediction.category_ids[0], top), top


def claim(category_id: str, confidence: float) -> str:
    """The category if it is more likely right than wrong, else that nobody can tell."""
    return category_id if confidence >= SURE else CANNOT_TELL
