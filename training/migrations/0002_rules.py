from django.db import migrations

from labeling import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor, triggers.TRAINING)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor, triggers.TRAINING)


class Migration(migrations.Migration):
    dependencies = [("training", "0001_initial"), ("labeling", "0002_rules")]
    operations = [migrations.RunPython(install, uninstall)]
