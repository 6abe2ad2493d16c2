"""The pages of training batches: how they grow, one of them, its videos, its runs."""

from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from jobs.models import State
from labeling.models import Video
from labeling.paging import KeysetPage
from labeling.views.access import needs
from labeling.views.signed_in import signed_in
from training import cautions, withdrawing
from training.batch_page import BatchVideosForm, label_rows, left_out, runs_of
from training.export import next_slug
from training.growth import Growth
from training.growth_csv import csv_lines
from training.models import ExportJob, TrainingBatch
from training.orders import export_news, order_export

STOP_POLLING = 286
"""htmx takes the fragment and asks no more."""

VIDEOS_A_PAGE = 48

may_export = needs("training.export_batch", to="export batches")


@require_safe
@signed_in
def batch_list(request: HttpRequest) -> HttpResponse:
    """Show how the dataset grew."""
    growth = Growth.read(**({"most": None} if "all" in request.GET else {}))
    context = {"growth": growth, "job": export_news(), "next_slug": next_slug()}
    return render(request, "training/batch_list.html", context)


@require_safe
@signed_in
def growth_csv(request: HttpRequest) -> StreamingHttpResponse:
    lines = csv_lines(Growth.read(most=None).versions)
    headers = {"Content-Disposition": 'attachment; filename="batches.csv"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
@may_export
def export_order(request: HttpRequest) -> HttpResponse:
    """Start an export; while one runs, show that one."""
    job = order_export(request.user)
    if request.htmx:  # type: ignore[attr-defined]
        return _export_fragment(request, job)
    messages.info(request, "The export has begun. Reload this page to see how far it is.")
    return redirect("training:batch-list")


@require_safe
@may_export
def export_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how far an export is. When it is done, the page is loaded anew: its charts have grown."""
    job = get_object_or_404(ExportJob.objects.select_related("batch"), pk=pk)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("training:batch-list")
    response = _export_fragment(request, job)
    if job.state == State.DONE:
        response["HX-Refresh"] = "true"
    return response


def _export_fragment(request: HttpRequest, job: ExportJob) -> HttpResponse:
    is_running = job.state in (State.QUEUED, State.RUNNING)
    context = {"job": job, "next_slug": next_slug()}
    status = 200 if is_running else STOP_POLLING
    return render(request, "training/batch_list.html#export", context, status=status)


@require_safe
@signed_in
def batch_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one batch; to htmx, how its runs are going."""
    batch = _batch(slug)
    runs = runs_of(batch)
    context: dict[str, Any] = {"batch": batch, "runs": runs}
    if request.htmx:  # type: ignore[attr-defined]
        status = 200 if runs.are_going else STOP_POLLING
        return render(request, "training/batch_detail.html#runs", context, status=status)
    context |= {
        "cautions": list(cautions.cautions(batch)),
        "confounds": cautions.confounds(batch),
        "label_rows": label_rows(batch),
        "left_out": left_out(batch),
    }
    return render(request, "training/batch_detail.html", context)


def _batch(slug: str) -> TrainingBatch:
    batches = TrainingBatch.objects.exported().select_related("created_by")
    return get_object_or_404(batches, slug=slug)


@require_safe
@signed_in
def batch_by_digest(request: HttpRequest, digest: str) -> HttpResponse:
    """Go to the batch that a model says it was trained on."""
    return redirect(get_object_or_404(TrainingBatch.objects.exported(), digest=digest))


@require_safe
@signed_in
def batch_videos(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the videos of a batch, as they were labeled when it was exported."""
    batch = _batch(slug)
    form = BatchVideosForm(request.GET)
    page = KeysetPage.read(form.items(batch), request.GET, size=VIDEOS_A_PAGE)
    return render(request, "training/batch_videos.html", {"batch": batch, "form": form, "page": page})


@require_POST
@needs("training.add_withdrawal", to="withdraw videos")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a video back for good."""
    video = get_object_or_404(Video.objects.select_related("post"), pk=pk)
    reason, purge = request.POST.get("reason", ""), "purge" in request.POST
    [withdrawn] = withdrawing.withdraw([video], reason=reason, by=request.user, purge=purge)
    removed = f" {withdrawn.num_files} files and its words are removed." if purge else ""
    messages.success(request, f"The video is withdrawn: no batch takes it any more.{removed}")
    return redirect(video)


@require_safe
@may_export
def manifest(request: HttpRequest, slug: str) -> FileResponse:
    """Send the manifest as it was written."""
    batch = _batch(slug)
    try:
        file = default_storage.open(batch.manifest_name)
    except FileNotFoundError as exc:
        raise Http404(f"The manifest of {batch.slug} is missing from the storage.") from exc
    return FileResponse(file, as_attachment=True, filename=f"{batch.slug}.parquet")
