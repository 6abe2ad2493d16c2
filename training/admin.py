"""What an admin sees of batches, what was taken back, and runs."""

from django.contrib import admin

from jobs.admin import JobAdmin, ReadOnlyAdmin
from training.models import BatchItem, ExportJob, TrainingBatch, TrainingRun, Withdrawal


@admin.register(TrainingBatch)
class TrainingBatchAdmin(ReadOnlyAdmin):
    list_display = ["slug", "state", "num_train", "num_validation", "num_test", "digest", "exported_at"]
    list_filter = ["state"]
    search_fields = ["slug", "=digest"]


@admin.register(BatchItem)
class BatchItemAdmin(ReadOnlyAdmin):
    list_display = ["batch", "settlement", "split"]
    list_filter = ["batch", "split"]
    list_select_related = ["batch", "settlement"]
    search_fields = ["=batch__slug", "=settlement__video__key"]


@admin.register(Withdrawal)
class WithdrawalAdmin(ReadOnlyAdmin):
    list_display = ["video", "reason", "withdrawn_by", "created_at"]
    list_select_related = ["video", "withdrawn_by"]
    search_fields = ["=video__key", "reason"]


@admin.register(ExportJob)
class ExportJobAdmin(JobAdmin):
    list_display = ["id", "slug", "batch", "requested_by", *JobAdmin.list_display[1:]]
    list_select_related = ["batch", "requested_by"]
    search_fields = ["slug", *JobAdmin.search_fields]


@admin.register(TrainingRun)
class TrainingRunAdmin(JobAdmin):
    list_display = ["id", "batch", "step", "num_steps", "loss_last", "host", *JobAdmin.list_display[1:]]
    list_filter = [*JobAdmin.list_filter, "batch"]
    list_select_related = ["batch"]
    search_fields = ["=batch__slug", "model_slug", *JobAdmin.search_fields]
