"""Move what was said of single videos out of the models' metrics."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def move(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    models, video_scores = (apps.get_model("inference", name) for name in ("ModelVersion", "VideoScores"))
    for model in models.objects.all():
        scores = taken_out(model.metrics)
        if scores:
            video_scores.objects.bulk_create(
                video_scores(model=model, batch=batch, scores=found) for batch, found in scores.items()
            )
            model.save(update_fields=["metrics"])


def taken_out(metrics: dict[str, Any]) -> dict[str, Any]:
    """Take the scores of single videos out of `metrics`; give them by batch."""
    found = {}
    for batch, evaluation in metrics.get("evaluations", {}).items():
        scores = evaluation.get("test", {}).pop("scores", None)
        if scores is not None:
            found[batch] = scores
    # A model from elsewhere has its first measurement here once more.
    metrics.get("evaluation", {}).get("test", {}).pop("scores", None)
    return found


class Migration(migrations.Migration):
    dependencies = [("inference", "0002_video_scores")]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
