"""WSGI entry point: `gunicorn config.wsgi`."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from config.static import with_static_files  # noqa: E402  # reads the settings, so after the set-up

application = with_static_files(django_application)

# What is loaded by now stays for ever: a full collection that looks through it holds every thread for
# 100 ms, which was the 95th percentile of `/posts/` (bench/posts.py).
get_resolver().url_patterns  # noqa: B018 - imports the views, before the first request does
gc.collect()
gc.freeze()
