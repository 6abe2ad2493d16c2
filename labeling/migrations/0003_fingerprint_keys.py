import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0002_rules'),
    ]

    operations = [
        migrations.CreateModel(
            name='FingerprintKey',
            fields=[
                ('pk', models.CompositePrimaryKey('key', 'video', blank=True, editable=False, primary_key=True, serialize=False)),
                ('key', models.IntegerField(help_text='The number of the band, then the bits.')),
                ('video', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='labeling.video')),
            ],
        ),
    ]
