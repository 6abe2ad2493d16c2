"""Who may open a page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render

View = Callable[..., HttpResponseBase]


def needs(permission: str, *, to: str) -> Callable[[View], View]:
    """Let only people with `permission` in; `to` says in words what it is needed for.

    Somebody logged out while a page was open gets words in that page instead of a login form in the
    middle of it: what they typed stays.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated or _is_another(request):
                return _ask_to_log_in(request)
            if not request.user.has_perm(permission):
                raise PermissionDenied(f"Your account lacks the right to {to}.")
            return view(request, *args, **kwargs)

        return checked

    return decorate


def is_script(request: HttpRequest) -> bool:
    """Tell whether a script of the labeling screen asks: it says for whom its page was drawn."""
    return "X-Labeler" in request.headers


def _is_another(request: HttpRequest) -> bool:
    """Tell whether somebody else has logged in since the page was drawn, who would answer for its person."""
    return request.headers.get("X-Labeler", str(request.user.pk)) != str(request.user.pk)


def _ask_to_log_in(request: HttpRequest) -> HttpResponse:
    if is_script(request):
        return JsonResponse({"detail": "You are logged out."}, status=401)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect_to_login(request.get_full_path())
    response = render(request, "_components/logged_out.html", status=401)
    response["HX-Retarget"] = "#notice"
    response["HX-Reswap"] = "innerHTML"
    return response
