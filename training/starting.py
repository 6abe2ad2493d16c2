"""Start a training run from the batch's page: a row that a GPU worker on the queue `train` takes up."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from cakelens.labels import GENERATORS
from jobs.models import State
from labeling.views.access import needs
from training.batches.addressed import batch_or_404
from training.config import PRESETS, ConfigError, TrainConfig, preset
from training.models import TrainingBatch, TrainingRun

may_train = needs("training.export_batch", to="train on batches")

# The most capable first: what an engineer with a GPU wants.
_PRESETS = [(name, name) for name in ("v6", "v5", "tiny") if name in PRESETS]
_HELD_OUT = [("", "nothing"), *((str(label), str(label)) for label in GENERATORS)]


class StartForm(forms.Form):
    """The few choices worth making in a browser; everything else is the preset's."""

    preset = forms.ChoiceField(choices=_PRESETS)
    epochs = forms.IntegerField(min_value=1, max_value=1000, required=False)
    minibatch_size = forms.IntegerField(min_value=1, max_value=4096, required=False)
    learning_rate = forms.FloatField(min_value=1e-8, max_value=1.0, required=False)
    hold_out = forms.ChoiceField(choices=_HELD_OUT, required=False)

    def config(self) -> TrainConfig:
        """Return the preset with what was given.

        Raises:
            ConfigError: A value out of range.
        """
        changes = {name: value or None for name, value in self.cleaned_data.items() if name != "preset"}
        return preset(self.cleaned_data["preset"], **changes)


@require_POST
@may_train
def train_order(request: HttpRequest, slug: str) -> HttpResponse:
    """Queue a run on a batch; the batch's page shows how it goes."""
    batch = batch_or_404(slug=slug)
    form = StartForm(request.POST)
    if not form.is_valid():
        messages.error(request, _first_error(form))
        return redirect(batch)
    try:
        run, is_new = order_run(batch, form.config(), request.user)
    except ConfigError as exc:
        messages.error(request, f"{exc}.")
        return redirect(batch)
    said = "waits for a worker" if is_new else "is waiting already, with the same choices"
    messages.success(request, f"Run {run.pk} {said} on the queue train.")
    return redirect(batch)


def order_run(batch: TrainingBatch, config: TrainConfig, user: Any) -> tuple[TrainingRun, bool]:
    """Queue a run and tell whether it is new: pressed twice, the same run waits once."""
    waiting = TrainingRun.objects.filter(batch=batch, config=config.to_dict(), state=State.QUEUED).first()
    if waiting is not None:
        return waiting, False
    run = TrainingRun.objects.create(batch=batch, config=config.to_dict(), requested_by=user)
    run.ring()
    return run, True


def _first_error(form: StartForm) -> str:
    name, errors = next(iter(form.errors.items()))
    return f"{name.replace('_', ' ').capitalize()}: {errors[0]}"
