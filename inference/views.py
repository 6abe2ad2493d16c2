"""The pages of model versions, and promoting one."""

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import number_format
from django.views.decorators.http import require_POST, require_safe

from inference import measured, registry, scores
from inference.models import ModelVersion, PredictJob
from labeling.models import Video
from labeling.views.access import needs
from labeling.views.signed_in import signed_in

may_promote = needs("inference.promote_model", to="promote models")


@require_safe
@signed_in
def model_list(request: HttpRequest) -> HttpResponse:
    """List the models, newest first, each beside what metadata alone reaches."""
    rows = [(model, scores.read(model.metrics)) for model in ModelVersion.objects.order_by("-pk")]
    return render(request, "inference/model_list.html", {"rows": rows})


@require_safe
@signed_in
def model_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one model: its scores per label, where it comes from, what it is made of."""
    model = get_object_or_404(ModelVersion, slug=slug)
    may_ask = request.user.has_perm("inference.promote_model") and model.is_trained and not model.is_current
    config = {name: value for name, value in model.config.items() if name != "architecture"}
    context = {
        "model": model,
        "config": [(name.replace("_", " "), value) for name, value in config.items()],
        "scores": scores.read(model.metrics),
        "measured": measured.read_all(model.metrics),
        "num_to_judge": num_to_judge(model) if may_ask else None,
    }
    return render(request, "inference/model_detail.html", context)


@require_POST
@may_promote
def model_promote(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a model suggest from now on."""
    model = get_object_or_404(ModelVersion, slug=slug)
    try:
        number = registry.promote(slug)
    except registry.RegistryError as exc:
        messages.error(request, str(exc))
    else:
        videos = f"{number_format(number)} video{'' if number == 1 else 's'}"
        messages.success(request, f"{slug} suggests from now on. It judges {videos} first.")
    return redirect(model)


def num_to_judge(model: ModelVersion) -> int:
    """Count the ready videos that `model` was not asked about."""
    asked = PredictJob.objects.filter(video=OuterRef("pk"), model=model)
    number: int = Video.objects.ready().filter(~Exists(asked)).count()
    return number
