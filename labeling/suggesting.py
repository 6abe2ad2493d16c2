"""What the current model says of a video, for those who may see it.

Suggestions are read through the reverse relation `video.predictions`: this app knows no model. What a
person was shown is written down when it is shown, so that an answer can say it later.
"""

from dataclasses import dataclass
from typing import Any

from labeling.composed import Given, Select, Update
from labeling.models import Slot, Video


@dataclass(frozen=True, slots=True)
class Shown:
    """The suggestions one person sees, and the prediction they come from."""

    model_slug: str
    suggestions: list[Any]
    prediction: Any


def suggestions_for(slot: Slot) -> Shown | None:
    """Return what the holder of `slot` may see, and write down that it was shown.

    None where the video is blind or no model has judged it.
    """
    prediction = visible_prediction(slot.video)
    if prediction is None:
        return None
    if slot.shown_model != prediction.model.slug:
        SHOWN(id=slot.pk, claim=slot.claim, shown_model=prediction.model.slug)
    return Shown(prediction.model.slug, prediction.suggestions(), prediction)


def visible_prediction(video: Video) -> Any | None:
    """Return the served prediction of a video that is not blind."""
    if video.is_blind:
        return None
    return SERVED.first(video=video.pk)


def _served() -> Any:
    predictions: Any = Video._meta.get_field("predictions").related_model
    served = predictions.objects.served().filter(video=Given(predictions, "video"))
    # How a model was measured is not looked at here.
    return served.select_related("model", "scores").defer("model__metrics")


SERVED: Select[Any] = Select(_served)
SHOWN = Update(
    lambda: Slot.objects.filter(pk=Given(Slot, "id"), claim=Given(Slot, "claim")),
    shown_model=Given(Slot, "shown_model"),
)
