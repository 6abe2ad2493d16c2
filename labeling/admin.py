"""What an admin sees of posts, videos, people and their answers, and the little that is changed by hand."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from simple_history.admin import SimpleHistoryAdmin

from jobs.admin import JobAdmin, QuickAdmin, ReadOnlyAdmin
from labeling import queue
from labeling.collecting import steering
from labeling.models import (
    Annotation,
    ApiToken,
    BulkEdit,
    CollectJob,
    DuplicateGroup,
    Evidence,
    GoldAnswer,
    Guideline,
    IdempotencyRecord,
    LabelDefinition,
    Post,
    Preferences,
    QuestionReply,
    ReviewOutcome,
    Settlement,
    SiteSettings,
    Slot,
    SlotState,
    Split,
    SplitLedger,
    Variant,
    VariantJob,
    Video,
    Voiding,
    XPause,
)

LABEL_FILTERS = ["ai_gen", "anime_2d", "anime_3d", "video_game"]


@admin.register(Post)
class PostAdmin(ReadOnlyAdmin):
    list_display = ["x_id", "author_handle", "text_beginning", "source", "failure_kind", "collected_at"]
    list_filter = ["source", "added_how", "failure_kind", "is_sensitive", "collected_at"]
    search_fields = ["=x_id", "author_handle", "text"]
    actions = ["collect_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        return super().get_queryset(request).defer("raw")

    @admin.display(description="text")
    def text_beginning(self, post: Post) -> str:
        return post.text[:80]

    @admin.action(description="Collect again what failed of the chosen posts", permissions=["collect"])
    def collect_again(self, request: HttpRequest, posts: QuerySet[Post]) -> None:
        num_queued = steering.retry(posts)
        self.message_user(request, f"{number_format(num_queued)} requests and downloads are queued again.")

    def has_collect_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("labeling.collect_post")


@admin.register(Video)
class VideoAdmin(ReadOnlyAdmin):
    """A video's place in the queue and its quarantine may be changed; all else follows from its content.

    Not the place of a test video: they come in random order, or the test set would be somebody's choice.
    """

    list_display = ["key", "kind", "split", "is_blind", "priority", "settlement", "quarantine", "ready_at"]
    list_filter = ["split", "kind", "is_blind", "is_withdrawn", "picked_by", "ready_at"]
    list_select_related = ["settlement"]
    search_fields = ["=key", "=media_id", "=post__x_id", "post__author_handle"]
    changeable = ("priority", "quarantine")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return QuickAdmin.has_change_permission(self, request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fixed = {"priority"} if obj and obj.split == Split.TEST else set()
        return [name for name in self.get_fields(request, obj) if name not in {*self.changeable} - fixed]

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Video, form: Any, change: bool) -> None:
        # The video before its slots, as answers do, or the two wait for each other.
        super().save_model(request, obj, form, change)
        if "priority" in form.changed_data:
            Video.objects.filter(pk=obj.pk).update(picked_by="by hand")
            Slot.objects.filter(video=obj, state=SlotState.FREE).update(priority=obj.priority)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Keep the reason of a quarantine in the video's history: lifted, the row has it no more."""
        message = super().construct_change_message(request, form, formsets, add)
        if "quarantine" in form.changed_data:
            before, after = form.initial["quarantine"], form.cleaned_data["quarantine"]
            message.append({"changed": {"fields": [f"Quarantine: {before!r} became {after!r}"]}})
        return message


@admin.register(Variant)
class VariantAdmin(ReadOnlyAdmin):
    list_display = ["video", "state", "width", "height", "codec", "fps", "num_bytes", "failure_kind"]
    list_filter = ["state", "codec", "is_hls", "failure_kind"]
    list_select_related = ["video"]
    search_fields = ["=sha256", "=name", "=video__key"]


@admin.register(DuplicateGroup)
class DuplicateGroupAdmin(ReadOnlyAdmin):
    list_display = ["key", "number", "split", "created_at"]
    list_filter = ["split"]
    search_fields = ["=key"]


@admin.register(SplitLedger)
class SplitLedgerAdmin(ReadOnlyAdmin):
    """Without the key: who knows it can tell which clip will fall into the test set."""

    list_display = ["__str__"]
    hidden = ("key",)


@admin.register(Slot)
class SlotAdmin(ReadOnlyAdmin):
    list_display = ["video", "n", "state", "priority", "labeler", "lease_until", "shown_model"]
    list_filter = ["state", "labeler"]
    list_select_related = ["video", "labeler"]
    search_fields = ["=video__key", "=labeler__username"]
    actions = ["take_back"]

    @admin.action(
        description="Take the chosen videos back from who holds or keeps them", permissions=["take_back"]
    )
    def take_back(self, request: HttpRequest, slots: QuerySet[Slot]) -> None:
        taken = slots.filter(state__in=[SlotState.HELD, SlotState.KEPT], is_gold=False)
        num_freed = taken.update(**queue.FREED)
        self.message_user(request, f"{num_freed} videos are free again.")

    def has_take_back_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("labeling.change_slot")


@admin.register(Annotation)
class AnnotationAdmin(ReadOnlyAdmin):
    list_display = [
        "video",
        "labeler",
        "outcome",
        "ai_gen",
        "skip_reason",
        "shown_model",
        "seconds",
        "created_at",
    ]
    list_filter = ["outcome", "skip_reason", *LABEL_FILTERS, "labeler", "created_at"]
    list_select_related = ["video", "labeler"]
    search_fields = ["=video__key", "=labeler__username", "note"]


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    list_display = ["annotation", "kind", "labels", "quote", "at_seconds"]
    list_filter = ["kind"]
    list_select_related = ["annotation__labeler"]
    search_fields = ["quote", "=annotation__video__key"]


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    list_display = ["video", "method", *LABEL_FILTERS, "created_at"]
    list_filter = ["method", *LABEL_FILTERS, "created_at"]
    list_select_related = ["video"]
    search_fields = ["=video__key"]


@admin.register(GoldAnswer)
class GoldAnswerAdmin(QuickAdmin):
    list_display = ["video", *LABEL_FILTERS, "added_by", "created_at"]
    list_filter = ["ai_gen", "anime_2d", "anime_3d", "video_game"]
    list_select_related = ["video", "added_by"]
    search_fields = ["=video__key"]
    autocomplete_fields = ["video"]
    exclude = ["added_by"]

    def save_model(self, request: HttpRequest, obj: GoldAnswer, form: Any, change: bool) -> None:
        if not change:
            obj.added_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)


@admin.register(BulkEdit)
class BulkEditAdmin(ReadOnlyAdmin):
    list_display = ["labels", "num_videos", "by", "created_at", "undone_at"]
    list_select_related = ["by"]


@admin.register(Voiding)
class VoidingAdmin(ReadOnlyAdmin):
    list_display = ["labeler", "since", "until", "num_answers", "by", "created_at", "undone_at"]
    list_select_related = ["labeler", "by"]


@admin.register(QuestionReply)
class QuestionReplyAdmin(ReadOnlyAdmin):
    list_display = ["annotation", "text", "reviewer", "created_at"]
    list_select_related = ["annotation__labeler", "reviewer"]


@admin.register(ReviewOutcome)
class ReviewOutcomeAdmin(ReadOnlyAdmin):
    list_display = ["video", "finding", "model_slug", "reviewer", "created_at"]
    list_filter = ["finding", "model_slug"]
    list_select_related = ["video", "reviewer"]
    search_fields = ["=video__key", "=reviewer__username"]


@admin.register(CollectJob)
class CollectJobAdmin(JobAdmin):
    list_display = ["post", *JobAdmin.list_display[1:]]
    list_select_related = ["post"]
    search_fields = ["=post__x_id", *JobAdmin.search_fields]


@admin.register(VariantJob)
class VariantJobAdmin(JobAdmin):
    list_display = ["variant", *JobAdmin.list_display[1:]]
    list_select_related = ["variant"]
    search_fields = ["=variant__video__key", *JobAdmin.search_fields]


@admin.register(XPause)
class XPauseAdmin(QuickAdmin):
    """Delete the row to go on at once."""

    list_display = ["until", "reason"]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """`manage.py token USER` makes them: the text is shown once, and kept nowhere."""

    list_display = ["user", "name", "created_at", "revoked_at"]
    list_filter = ["revoked_at"]
    list_select_related = ["user"]
    search_fields = ["=user__username", "name"]
    hidden = ("digest",)
    actions = ["revoke"]

    @admin.action(description="Revoke the chosen tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        num_revoked = tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{num_revoked} tokens open nothing any more.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("labeling.change_apitoken")


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    list_display = ["key", "user", "status", "created_at"]
    list_select_related = ["user"]
    search_fields = ["=key", "=user__username"]


@admin.register(Preferences)
class PreferencesAdmin(QuickAdmin):
    list_display = ["user", "shows_sensitive"]
    list_select_related = ["user"]
    search_fields = ["=user__username"]
    autocomplete_fields = ["user"]


@admin.register(Guideline)
class GuidelineAdmin(QuickAdmin):
    """A version that answers name is not changed: write the next one."""

    list_display = ["version", "created_by", "created_at"]
    list_select_related = ["created_by"]
    exclude = ["created_by"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Guideline, form: Any, change: bool) -> None:
        obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)


@admin.register(LabelDefinition)
class LabelDefinitionAdmin(QuickAdmin):
    """Each change begins a version of the guideline, so that an answer says which wording it followed."""

    list_display = ["label", "text"]
    autocomplete_fields = ["examples"]

    def save_model(self, request: HttpRequest, obj: LabelDefinition, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.changed_data:
            Guideline.reworded(by=request.user)

    def delete_model(self, request: HttpRequest, obj: LabelDefinition) -> None:
        super().delete_model(request, obj)
        Guideline.reworded(by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        super().delete_queryset(request, queryset)
        Guideline.reworded(by=request.user)


@admin.register(SiteSettings)
class SiteSettingsAdmin(SimpleHistoryAdmin):  # type: ignore[misc]
    """One row, with its history."""

    list_display = ["__str__", "overlap_percent", "blind_percent", "ranking", "test_percent"]
    history_list_display = ["overlap_percent", "max_answers", "blind_percent", "ranking", "test_percent"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not SiteSettings.objects.exists() and super().has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
