from django.urls import path

from labeling.views import files, labeling

app_name = "labeling"

urlpatterns = [
    path("label/", labeling.label, name="label"),
    path("label/undo/", labeling.undo, name="undo"),
    path("label/<uuid:claim>/answer/", labeling.answer, name="answer"),
    path("label/<uuid:claim>/skip/", labeling.skip, name="skip"),
    path("label/<uuid:claim>/heartbeat/", labeling.heartbeat, name="heartbeat"),
    path("files/<path:name>", files.file, name="file"),
]
