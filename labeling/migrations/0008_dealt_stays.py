from django.db import migrations

from labeling import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor, triggers.DEALT)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor, triggers.DEALT)


class Migration(migrations.Migration):
    dependencies = [("labeling", "0007_withdrawn_stays")]
    operations = [migrations.RunPython(install, uninstall)]
