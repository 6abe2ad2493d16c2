"""Stored media for the browser, with byte ranges: without them Chromium cannot seek."""

import mimetypes
import re
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe
from servestatic.responders import MissingFileError, StaticFile

from labeling import storage
from labeling.api_auth import accepts_token

# Lower-case words between slashes: no dot at their beginning, so no way up and no hidden file.
NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*(/[a-z0-9_][a-z0-9_.-]*)*")
# A name is the hash of its bytes, so they never change; private, because a login is needed.
CACHE = "private, max-age=31536000, immutable"


@require_safe
@accepts_token
@login_required
def file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Send a stored file, or the part of it that was asked for; with a bucket, say where it is."""
    if not NAME.fullmatch(name):
        raise Http404
    path = storage.local_path(name)
    return _send(request, str(path)) if path else redirect(storage.file_url(name))


def _send(request: HttpRequest, path: str) -> HttpResponseBase:
    content_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    try:
        static = StaticFile(path, [("Content-Type", content_type), ("Accept-Ranges", "bytes")])
    except (MissingFileError, IsADirectoryError) as exc:
        raise Http404 from exc
    found = static.get_response(request.method or "GET", request.META)
    headers = {**{key: value for key, value in found.headers if value is not None}, "Cache-Control": CACHE}
    if found.file is None:
        return HttpResponse(status=found.status, headers=headers)
    return _Ranged(found.file, status=found.status, headers=headers)


class _Ranged(FileResponse):
    """Keep the headers as they are: Django would write the length of the whole file over a part's."""

    def set_headers(self, filelike: Any) -> None:
        pass
