from django.db import migrations

from labeling import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor, triggers.LABELING)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor, triggers.LABELING)


class Migration(migrations.Migration):
    dependencies = [("labeling", "0001_initial")]
    operations = [migrations.RunPython(install, uninstall)]
