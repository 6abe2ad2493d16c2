from django.db import migrations

from labeling import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor, triggers.SIGNED)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor, triggers.SIGNED)
    triggers.install(schema_editor, triggers.TRAINING)


class Migration(migrations.Migration):
    dependencies = [("training", "0006_never_emptied")]
    operations = [migrations.RunPython(install, uninstall)]
