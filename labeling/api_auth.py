"""Who calls the API: the bearer of a token, or somebody who is logged in."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import HttpRequest
from ninja.errors import AuthenticationError, AuthorizationError
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.utils import check_csrf

from labeling import roles
from labeling.models import ApiToken

V = TypeVar("V", bound=Callable[..., Any])

HOW = "Send `Authorization: Bearer TOKEN`; `manage.py token USER` prints one."
UNKNOWN = f"This token is unknown or revoked, or its owner's account is closed. {HOW}"
NO_CSRF = "A browser's session needs the header X-CSRFToken. Reload the page, or use a token instead."


class Token(HttpBearer):
    """A token that `manage.py token USER` printed."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = ApiToken.objects.user_for(token)
        if user is None:
            raise AuthenticationError(message=UNKNOWN)
        request.user = user
        return user


class Session(APIKeyCookie):
    """The cookie of a login: a page of ours, which sends the CSRF token with all that writes."""

    param_name = "sessionid"

    def __call__(self, request: HttpRequest) -> Any:
        if not request.user.is_authenticated:
            return None
        if check_csrf(request):
            raise AuthorizationError(message=NO_CSRF)
        return request.user

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return self(request)


AUTH = [Token(), Session()]


def may(permission: str, *, to: str) -> Callable[[V], V]:
    """Let only people with `permission` in; `to` says in words what it is needed for."""

    def decorate(view: V) -> V:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not roles.has(request.user, permission):
                raise AuthorizationError(message=f"Your account lacks the right to {to}.")
            return view(request, *args, **kwargs)

        return cast(V, checked)

    return decorate


def accepts_token(view: V) -> V:
    """Let a page that only reads know the bearer of a token as if they had logged in."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and (user := ApiToken.objects.user_for(token)):
            request.user = user
        return view(request, *args, **kwargs)

    return cast(V, checked)
