from django.urls import path

from labeling import review_urls
from labeling.views import collect, files, keys, labeling, posts, videos

app_name = "labeling"

urlpatterns = [
    path("label/", labeling.label, name="label"),
    path("label/ahead/", labeling.ahead, name="ahead"),
    path("label/undo/", labeling.undo, name="undo"),
    path("label/<uuid:claim>/answer/", labeling.answer, name="answer"),
    path("label/<uuid:claim>/skip/", labeling.skip, name="skip"),
    path("label/<uuid:claim>/heartbeat/", labeling.heartbeat, name="heartbeat"),
    path("label/video/<int:video>/take/", labeling.reclaim, name="reclaim"),
    path("keys/", keys.keys, name="keys"),
    path("posts/", posts.post_list, name="post-list"),
    path("posts/<int:pk>/", posts.post_detail, name="post-detail"),
    path("posts/<int:pk>/retry/", posts.post_retry, name="post-retry"),
    path("posts/<int:pk>/cancel/", posts.post_cancel, name="post-cancel"),
    path("posts/retry/", posts.posts_retry, name="posts-retry"),
    path("posts/cancel/", posts.posts_cancel, name="posts-cancel"),
    path("videos/", videos.video_list, name="video-list"),
    path("videos/<int:pk>/", videos.video_detail, name="video-detail"),
    path("collect/", collect.collect, name="collect"),
    path("collect/csv/", collect.collect_csv, name="collect-csv"),
    path("collect/go-on/", collect.end_pause, name="end-pause"),
    path("files/<path:name>", files.file, name="file"),
    *review_urls.urlpatterns,
]
