from django.urls import path

from training import starting, views
from training.batches import sidecars
from training.pages import export_views

app_name = "training"

urlpatterns = [
    path("batches/", views.batch_list, name="batch-list"),
    path("batches/growth.csv", views.growth_csv, name="growth-csv"),
    path("batches/pace.csv", views.pace_csv, name="pace-csv"),
    # No batch's name begins with a dash.
    path("batches/-/waiting/", views.waiting_videos, name="waiting-videos"),
    path("batches/by-digest/<str:digest>/", views.batch_by_digest, name="batch-by-digest"),
    path("batches/<str:slug>/", views.batch_detail, name="batch-detail"),
    path("batches/<str:slug>/videos/", views.batch_videos, name="batch-videos"),
    path("batches/<str:slug>/filtered-out/", views.filtered_out_videos, name="batch-filtered-out"),
    path("batches/<str:slug>/train/", starting.train_order, name="train-order"),
    path("batches/<str:slug>/manifest/", views.manifest, name="manifest"),
    path("batches/<str:slug>/clips.csv", views.sidecar, {"part": sidecars.CLIPS}, name="clips-csv"),
    path("batches/<str:slug>/croissant.json", views.sidecar, {"part": sidecars.CROISSANT}, name="croissant"),
    path("videos/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("exports/", export_views.export_order, name="export-order"),
    path("exports/<int:pk>/", export_views.export_state, name="export-state"),
    path("exports/<int:pk>/stop/", export_views.export_stop, name="export-stop"),
]
