import django.utils.timezone
from django.db import migrations, models

from labeling import triggers

# SQLite makes a table anew to add a field, and its triggers are gone then.
RULES = (*triggers.TRAINING, *triggers.BATCHES)


def install(apps, schema_editor):
    triggers.install(schema_editor, RULES)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor, triggers.BATCHES)


class Migration(migrations.Migration):
    dependencies = [("training", "0003_roles"), ("labeling", "0006_frozen_evidence")]
    operations = [
        migrations.AddField(
            model_name="trainingbatch",
            name="facts",
            field=models.JSONField(
                blank=True, default=dict, help_text="{kind of fact: {value: number of videos}}"
            ),
        ),
        migrations.AlterField(
            model_name="trainingbatch",
            name="confounds",
            field=models.JSONField(
                blank=True, default=dict, help_text="{fact: AUC for AI_GEN}, measured at the export"
            ),
        ),
        migrations.AddField(
            model_name="withdrawal",
            name="is_purged",
            field=models.BooleanField(default=False, help_text="Its files and words were removed, too."),
        ),
        migrations.CreateModel(
            name="GrowthFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("figures", models.JSONField(default=dict)),
                ("counted_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("seconds", models.FloatField(default=0, help_text="How long the counting took.")),
            ],
            options={
                "verbose_name_plural": "growth figures",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="growth_figures_is_one_row")
                ],
            },
        ),
        migrations.RunPython(install, uninstall),
    ]
