from django.urls import path

from labeling.views import files, labeling

app_name = "labeling"

urlpatterns = [
    path("label/", labeling.label, name="label"),
    path("files/<path:name>", files.file, name="file"),
]
