"""What the page of a batch shows of its runs: the curve of each, and the form that starts one."""

from typing import Any

from django import template
from django.template import Context

from jobs import workers
from training.models import TrainingBatch
from training.pages import curve
from training.starting import StartForm

register = template.Library()


@register.inclusion_tag("training/_curve.html")
def loss_curve(run: Any) -> dict[str, Any]:
    """Draw how the loss of one of `batch_page.runs_of` went."""
    return {"run": run, "path": curve.path(run.losses, run.num_steps)}


@register.inclusion_tag("training/_train.html", takes_context=True)
def train_form(context: Context, batch: TrainingBatch) -> dict[str, Any]:
    """Let whoever may export also train."""
    request = context["request"]
    is_allowed = request.user.has_perm("training.export_batch")
    return {
        "batch": batch,
        "form": StartForm() if is_allowed else None,
        "has_worker": is_allowed and workers.is_served("train"),
        "csrf_token": context.get("csrf_token"),
    }
