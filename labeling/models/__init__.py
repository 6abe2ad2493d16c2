from labeling.models.acts import AlreadyUndone, BulkEdit, Voiding
from labeling.models.answers import (
    GOLD,
    REVIEW,
    Annotation,
    Evidence,
    EvidenceKind,
    LabelSet,
    Outcome,
    Settlement,
    SettlementMethod,
    SkipDestination,
    SkipReason,
    label_field,
)
from labeling.models.doomed import DoomedFile
from labeling.models.fingerprints import FingerprintKey
from labeling.models.guidelines import Guideline, LabelDefinition
from labeling.models.jobs import CollectJob, VariantJob, XPause
from labeling.models.people import ApiToken, IdempotencyRecord, Preferences
from labeling.models.posts import AddedHow, Post, PostSource
from labeling.models.reviewing import GoldAnswer, QuestionReply, ReviewOutcome
from labeling.models.settings import SiteSettings
from labeling.models.slots import Slot, SlotState
from labeling.models.videos import (
    DuplicateGroup,
    Split,
    SplitLedger,
    Variant,
    VariantState,
    Video,
    VideoKind,
)

__all__ = [
    "GOLD",
    "REVIEW",
    "AddedHow",
    "AlreadyUndone",
    "Annotation",
    "ApiToken",
    "BulkEdit",
    "CollectJob",
    "DoomedFile",
    "DuplicateGroup",
    "Evidence",
    "EvidenceKind",
    "FingerprintKey",
    "GoldAnswer",
    "Guideline",
    "IdempotencyRecord",
    "LabelDefinition",
    "LabelSet",
    "Outcome",
    "Post",
    "PostSource",
    "Preferences",
    "QuestionReply",
    "ReviewOutcome",
    "Settlement",
    "SettlementMethod",
    "SiteSettings",
    "SkipDestination",
    "SkipReason",
    "Slot",
    "SlotState",
    "Split",
    "SplitLedger",
    "Variant",
    "VariantJob",
    "VariantState",
    "Video",
    "VideoKind",
    "Voiding",
    "XPause",
    "label_field",
]
