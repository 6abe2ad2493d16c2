"""What an admin sees of models and predictions."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from inference import registry
from inference.models import FramesetScores, ModelVersion, Prediction, PredictJob, VideoScores
from jobs.admin import JobAdmin, ReadOnlyAdmin


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = ["slug", "architecture", "is_current", "is_trained", "created_at", "promoted_at"]
    list_filter = ["is_current", "is_trained", "architecture"]
    search_fields = ["slug", "=weights_sha256", "=batch_digest"]
    actions = ["promote"]

    @admin.action(description="Let the chosen model suggest", permissions=["promote"])
    def promote(self, request: HttpRequest, models: QuerySet[ModelVersion]) -> None:
        slugs = list(models.values_list("slug", flat=True)[:2])
        if len(slugs) != 1:
            self.message_user(request, "Choose one model: only one suggests at a time.", messages.ERROR)
            return
        try:
            num_queued = registry.promote(slugs[0])
        except registry.RegistryError as exc:
            self.message_user(request, str(exc), messages.ERROR)
        else:
            self.message_user(
                request, f"{slugs[0]} suggests now; {num_queued} videos wait for its judgement."
            )

    def has_promote_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inference.promote_model")


@admin.register(VideoScores)
class VideoScoresAdmin(ReadOnlyAdmin):
    list_display = ["model", "batch"]
    list_select_related = ["model"]
    search_fields = ["=model__slug", "=batch"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[VideoScores]:
        return super().get_queryset(request).defer("scores", "model__metrics")


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin):
    list_display = ["video", "model", "ai_gen", "mode", "is_served", "seconds", "device", "created_at"]
    list_filter = ["is_served", "mode", "model", "device"]
    list_select_related = ["video", "model"]
    search_fields = ["=video__key", "=model__slug"]


@admin.register(FramesetScores)
class FramesetScoresAdmin(ReadOnlyAdmin):
    list_display = ["prediction"]
    list_select_related = ["prediction__model", "prediction__video"]
    search_fields = ["=prediction__video__key"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FramesetScores]:
        return super().get_queryset(request).defer("scores_float16", "starts_float32")


@admin.register(PredictJob)
class PredictJobAdmin(JobAdmin):
    list_display = ["video", "model", *JobAdmin.list_display[1:]]
    list_filter = [*JobAdmin.list_filter, "model"]
    list_select_related = ["video", "model"]
    search_fields = ["=video__key", "=model__slug", *JobAdmin.search_fields]
