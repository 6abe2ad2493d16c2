"""Pages that everybody with an account may read."""

from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from labeling.views.access import View


def signed_in(view: View) -> View:
    """Let people with an account in.

    A fragment that asks again and again gets words in its place when its reader is logged out: a login
    form would be drawn into the middle of the page, and the asking would go on.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.htmx:  # type: ignore[attr-defined]
            return render(request, "_components/logged_out.html", status=401)
        return redirect_to_login(request.get_full_path())

    return checked
