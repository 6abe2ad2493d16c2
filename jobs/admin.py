"""Admin pages that stay quick on large tables, and those of jobs. Each app registers its own rows."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest

from jobs.models import LeasedJobQuerySet

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    QuickPaginatorBase = Paginator[Any]
else:
    ModelAdmin, QuickPaginatorBase = admin.ModelAdmin, Paginator


class QuickPaginator(QuickPaginatorBase):
    """Counts no further than anybody pages: an exact count would read the whole table."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        return len(self.object_list.order_by().values("pk")[: self.MOST])  # type: ignore[attr-defined]


class QuickAdmin(ModelAdmin):
    """Rows of a table that may be large."""

    paginator = QuickPaginator
    show_full_result_count = False
    list_per_page = 50

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write what the form changed alone: since the row was read, workers may have written the rest."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        columns = (field.name for field in self.opts.concrete_fields)
        obj.save(update_fields=[name for name in columns if name in form.changed_data])


class ReadOnlyAdmin(QuickAdmin):
    """Rows that nobody changes by hand: the app writes them, and the database refuses or forgets the rest."""

    hidden: ClassVar[tuple[str, ...]] = ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return every field, those that no form would show too; bytes say nothing to a reader."""
        fields = (*self.opts.concrete_fields, *self.opts.many_to_many)
        shown = (field for field in fields if not isinstance(field, models.BinaryField))
        return [field.name for field in shown if field.name not in self.hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)


class JobAdmin(ReadOnlyAdmin):
    """Leased jobs: how far they are, why they failed; they can be tried again and be stopped."""

    list_display = ["__str__", "state", "progress", "attempts", "next_try_at", "failure_kind", "created_at"]
    list_filter = ["state", "failure_kind"]
    search_fields = ["=id", "failure_message", "owner"]
    actions = ["try_again", "stop"]

    @admin.action(description="Try the chosen jobs again", permissions=["run"])
    def try_again(self, request: HttpRequest, jobs: LeasedJobQuerySet[Any]) -> None:
        chosen = list(jobs)
        num_queued = jobs.retry()
        for job in chosen:
            job.ring()
        self.message_user(
            request, f"{num_queued} of {len(chosen)} jobs are queued again; others had not failed."
        )

    @admin.action(description="Stop the chosen jobs", permissions=["run"])
    def stop(self, request: HttpRequest, jobs: LeasedJobQuerySet[Any]) -> None:
        num_stopped = jobs.cancel()
        self.message_user(request, f"{num_stopped} jobs were asked to stop.", messages.WARNING)

    def has_run_permission(self, request: HttpRequest) -> bool:
        """Tell whether this person may start and stop jobs: who could change their rows."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")
