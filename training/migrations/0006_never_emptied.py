from django.db import migrations

from labeling import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor, triggers.FILLED)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor, triggers.FILLED)


class Migration(migrations.Migration):
    dependencies = [("training", "0005_closed_batches")]
    operations = [migrations.RunPython(install, uninstall)]
