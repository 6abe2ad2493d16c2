"""Which videos are labeled first.

Only videos outside the test set and not blind are ranked: a test set chosen by the model would measure
the model on what it already thinks.
"""

from inference.models import Prediction
from labeling.models import SiteSettings, Slot, SlotState, Video


def uncertainty(probability: float) -> float:
    """Return how unsure a probability is: 0 at 0 and 1, 1 at one half."""
    return 1 - abs(2 * probability - 1)


def rank(video: Video, prediction: Prediction) -> None:
    """Give an unsettled video the place its prediction earns, by the site's policy.

    Unranked videos stand in [0, 1); ranked ones in [0, 2), so that the most uncertain come first and
    the surest come last, mixed with those nobody judged.
    """
    policy = SiteSettings.current().ranking
    if video.is_blind or video.settlement_id or policy == SiteSettings.Ranking.RANDOM:
        return
    if not prediction.is_served:
        return
    priority = 2 * uncertainty(prediction.ai_gen)
    Video.objects.filter(pk=video.pk).update(priority=priority, picked_by=policy)
    Slot.objects.filter(video=video, state=SlotState.FREE).update(priority=priority)
