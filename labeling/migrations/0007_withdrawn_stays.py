from django.db import migrations

from labeling import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor, triggers.WITHDRAWN)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor, triggers.WITHDRAWN)


class Migration(migrations.Migration):
    dependencies = [("labeling", "0006_frozen_evidence")]
    operations = [migrations.RunPython(install, uninstall)]
