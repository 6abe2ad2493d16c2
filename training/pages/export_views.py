"""Asking for an export on the growth page, and watching it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from jobs.models import State
from training.batches.orders import order_export
from training.export import next_slug
from training.forms import ExportForm
from training.models import ExportJob
from training.views import STOP_POLLING, may_export


@require_POST
@may_export
def export_order(request: HttpRequest) -> HttpResponse:
    """Start an export; while one runs, show that one."""
    form = ExportForm(request.POST)
    if not form.is_valid():
        return _refused(request, form)
    job = order_export(request.user, slug=form.cleaned_data["slug"], filters=form.filters().to_json())
    if request.htmx:  # type: ignore[attr-defined]
        return _export_fragment(request, job)
    messages.info(request, "The export has begun. Reload this page to see how far it is.")
    return redirect("training:batch-list")


@require_safe
@may_export
def export_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how far an export is. When it is done, the page is loaded anew: its charts have grown."""
    job = get_object_or_404(ExportJob.objects.select_related("batch"), pk=pk)
    return _shown(request, job)


@require_POST
@may_export
def export_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an export end before it is written; one that is done by now stays."""
    job = get_object_or_404(ExportJob, pk=pk)
    ExportJob.objects.filter(pk=job.pk).cancel()
    job.refresh_from_db()
    if job.state == State.DONE:
        messages.info(request, "The export was done before it could be stopped.")
    return _shown(request, job)


def _refused(request: HttpRequest, form: ExportForm) -> HttpResponse:
    """Show the form again with what is wrong in it."""
    if request.htmx:  # type: ignore[attr-defined]
        context = {"job": None, "next_slug": next_slug(), "form": form}
        return render(request, "training/batch_list.html#export", context)
    messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("training:batch-list")


def _shown(request: HttpRequest, job: ExportJob) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("training:batch-list")
    response = _export_fragment(request, job)
    if job.state == State.DONE:
        response["HX-Refresh"] = "true"
    return response


def _export_fragment(request: HttpRequest, job: ExportJob) -> HttpResponse:
    is_running = job.state in (State.QUEUED, State.RUNNING)
    context = {"job": job, "next_slug": next_slug(), "form": ExportForm.of(job)}
    status = 200 if is_running else STOP_POLLING
    return render(request, "training/batch_list.html#export", context, status=status)
