"""The pages of training batches: how they grow, one of them, its videos, its runs, its files."""

from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from labeling import storage
from labeling.models import SiteSettings, Video
from labeling.paging import KeysetPage
from labeling.views.access import needs
from labeling.views.signed_in import signed_in
from labeling.withholding import withhold
from training.batches import proving, sidecars, withdrawing
from training.batches.addressed import batch_or_404
from training.batches.differences import Difference, before, difference
from training.batches.orders import export_news
from training.batches.slugs import SLUG
from training.batches.upcoming import waiting
from training.evaluating import cautions
from training.export import next_slug
from training.forms import BatchVideosForm, ExportForm
from training.models import TrainingBatch
from training.pages import figures
from training.pages.batch_page import bar_scales, filtered_out, label_rows, left_out, runs_of
from training.pages.facts_page import facts, largest_groups
from training.pages.growth import Growth
from training.pages.growth_csv import csv_lines, day_lines
from training.pages.narrowed import filters_in_words
from training.pages.pace import lacks, people
from training.pages.scores_chart import scores_chart

STOP_POLLING = 286
"""htmx takes the fragment and asks no more."""

VIDEOS_A_PAGE = 48
LEARNED_SHOWN = 20

may_export = needs("training.export_batch", to="export batches")


@require_safe
@signed_in
def batch_list(request: HttpRequest) -> HttpResponse:
    """Show how the dataset grew."""
    growth = Growth.read(**({"most": None} if "all" in request.GET else {}))
    counted, site = figures.current(), SiteSettings.current()
    growth.num_waiting, growth.num_anew, growth.num_next = counted.waiting, counted.anew, counted.whole
    job = export_news()
    context = {
        "growth": growth,
        "job": job,
        "next_slug": next_slug(),
        "form": ExportForm.of(job),
        "figures": counted,
        "lacks": lacks(counted, site.label_target),
        "people": list(people(counted)),
        "site": site,
        "scores": scores_chart(growth.versions),
        "facts": list(facts(growth.newest.batch)) if growth.newest else [],
    }
    return render(request, "training/batch_list.html", context)


@require_safe
@signed_in
def growth_csv(request: HttpRequest) -> StreamingHttpResponse:
    lines = csv_lines(Growth.read(most=None).versions)
    headers = {"Content-Disposition": 'attachment; filename="batches.csv"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


@require_safe
@signed_in
def pace_csv(request: HttpRequest) -> StreamingHttpResponse:
    headers = {"Content-Disposition": 'attachment; filename="labeled-each-day.csv"'}
    lines = day_lines(figures.current())
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


@require_safe
@signed_in
def batch_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one batch; to htmx, how its runs are going."""
    batch = batch_or_404(slug=slug)
    runs = runs_of(batch)
    context: dict[str, Any] = {"batch": batch, "runs": runs}
    if request.htmx:  # type: ignore[attr-defined]
        status = 200 if runs.are_going else STOP_POLLING
        return render(request, "training/batch_detail.html#runs", context, status=status)
    context |= {
        "cautions": list(cautions.cautions(batch)),
        "confounds": cautions.confounds(batch),
        "label_rows": label_rows(batch),
        "bar_scales": bar_scales(batch),
        "left_out": left_out(batch),
        "filters": filters_in_words(batch),
        "facts": list(facts(batch)),
        "groups": largest_groups(batch),
        "others": list(_others(batch)),
        "difference": _difference(batch, request.GET.get("against", "")),
        "learned": list(proving.learned_since(batch)[:LEARNED_SHOWN]),
        "num_learned": proving.learned_since(batch).count(),
        "num_withdrawn": len(withdrawing.withdrawn_keys(batch)),
    }
    return render(request, "training/batch_detail.html", context)


def _others(batch: TrainingBatch) -> QuerySet[TrainingBatch, tuple[str, dict[str, Any]]]:
    return TrainingBatch.objects.exported().exclude(pk=batch.pk).values_list("slug", "filters")


def _difference(batch: TrainingBatch, slug: str) -> Difference | None:
    """Compare with the batch of that name, or with one before; with the first one there is none."""
    exported = TrainingBatch.objects.exported()
    named = exported.filter(slug=slug).exclude(pk=batch.pk).first() if SLUG.fullmatch(slug) else None
    other = named or before(batch)
    return difference(batch, other) if other else None


@require_safe
@signed_in
def batch_by_digest(request: HttpRequest, digest: str) -> HttpResponse:
    """Go to the batch that a model says it was trained on."""
    return redirect(batch_or_404(digest=digest))


@require_safe
@signed_in
def batch_videos(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the videos of a batch, as they were labeled when it was exported."""
    batch = batch_or_404(slug=slug)
    form = BatchVideosForm(request.GET)
    page = KeysetPage.read(form.items(batch), request.GET, size=VIDEOS_A_PAGE)
    change = form.chosen("change")
    context = {"batch": batch, "form": form, "page": page, "change": change}
    context |= {"other": form.other(batch)} if change else {}
    return render(request, "training/batch_videos.html", context)


@require_safe
@signed_in
def waiting_videos(request: HttpRequest) -> HttpResponse:
    """Show the videos that are settled, and in no batch as they are now."""
    page = KeysetPage.read(waiting().select_related("post", "settlement"), request.GET, size=VIDEOS_A_PAGE)
    withhold(request.user, page.rows)
    context = {"page": page, "next_slug": next_slug()}
    context |= {} if page.rows else {"is_any_settled": Video.objects.exportable().exists()}
    return render(request, "training/waiting_videos.html", context)


@require_safe
@signed_in
def filtered_out_videos(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the videos that a batch's filters kept out of it."""
    batch = batch_or_404(slug=slug)
    videos = filtered_out(batch).select_related("post", "settlement")
    page = KeysetPage.read(videos, request.GET, size=VIDEOS_A_PAGE)
    withhold(request.user, page.rows)
    context = {"batch": batch, "filters": filters_in_words(batch), "page": page}
    return render(request, "training/filtered_out.html", context)


@require_POST
@needs("training.add_withdrawal", to="withdraw videos")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a video back for good."""
    video = get_object_or_404(Video.objects.select_related("post"), pk=pk)
    reason, purge = request.POST.get("reason", ""), "purge" in request.POST
    try:
        [withdrawn] = withdrawing.withdraw([video], reason=reason, by=request.user, purge=purge)
    except OSError as exc:
        messages.error(request, f"Not all of it could be done: {exc}. Try again.")
        return redirect(video)
    removed = f" {withdrawn.files_in_words} and its words are removed." if purge else ""
    messages.success(request, f"The video is withdrawn: no batch takes it any more.{removed}")
    return redirect(video)


@require_safe
@may_export
def manifest(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the manifest as it was written."""
    return _sent(slug, sidecars.MANIFEST)


@require_safe
@may_export
def sidecar(request: HttpRequest, slug: str, part: str) -> HttpResponseBase:
    """Send a file that stands beside the manifest."""
    return _sent(slug, part)


def _sent(slug: str, part: str) -> HttpResponseBase:
    try:
        return file_of(slug, part)
    except storage.BucketError as exc:
        return HttpResponse(sidecars.no_answer(exc), status=503, content_type="text/plain; charset=utf-8")


def file_of(slug: str, part: str) -> FileResponse:
    """Return a file of a batch as it is sent.

    Raises:
        Http404: There is no such batch, or the file is missing.
        BucketError: The storage cannot be read now.
    """
    batch = batch_or_404(slug=slug)
    name = batch.manifest_name if part == sidecars.MANIFEST else sidecars.stored_name(batch, part)
    try:
        with storage.as_a_disk():
            file = default_storage.open(name)
    except FileNotFoundError as exc:
        word = part.partition(".")[0]
        raise Http404(f"The {word} of {batch.slug} is missing from the storage.") from exc
    return FileResponse(file, as_attachment=True, filename=sidecars.file_name(batch, part))
