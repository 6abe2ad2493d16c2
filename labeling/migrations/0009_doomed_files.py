import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labeling", "0008_dealt_stays")]
    operations = [
        migrations.CreateModel(
            name="DoomedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="stored name")),
                ("doomed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "video",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="doomed_files",
                        to="labeling.video",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("video", "name"), name="doomed_file_once")]
            },
        )
    ]
