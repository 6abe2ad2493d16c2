"""What the API answers when it refuses: always `{"detail": words, "errors": [words, …]}`."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from labeling.answering import InvalidAnswer
from labeling.api_auth import HOW
from labeling.idempotency import KeyReused
from labeling.queue import ClaimLost

TOO_BIG = f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20} MiB."


class Refusal(Schema):
    """Why nothing was done."""

    detail: str
    errors: list[str] = []


def install(api: NinjaAPI) -> None:
    """Let `api` answer every refusal in this one shape."""

    def refuse(request: HttpRequest, status: int, detail: str, errors: Sequence[str] = ()) -> HttpResponse:
        return api.create_response(request, {"detail": detail, "errors": list(errors)}, status=status)

    @api.exception_handler(HttpError)
    def refused(request: HttpRequest, exc: HttpError) -> HttpResponse:
        return refuse(request, exc.status_code, exc.message)

    @api.exception_handler(AuthenticationError)
    def unknown_caller(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
        response = refuse(request, 401, HOW if exc.message == "Unauthorized" else exc.message)
        response["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, exc: Http404) -> HttpResponse:
        return refuse(request, 404, str(exc) or "There is no such thing here.")

    @api.exception_handler(ClaimLost)
    def claim_lost(request: HttpRequest, exc: ClaimLost) -> HttpResponse:
        return refuse(request, 409, str(exc))

    @api.exception_handler(KeyReused)
    def key_reused(request: HttpRequest, exc: KeyReused) -> HttpResponse:
        return refuse(request, 422, str(exc))

    @api.exception_handler(InvalidAnswer)
    def invalid_answer(request: HttpRequest, exc: InvalidAnswer) -> HttpResponse:
        return refuse(request, 422, str(exc), exc.errors)

    @api.exception_handler(ValidationError)
    def invalid_request(request: HttpRequest, exc: ValidationError) -> HttpResponse:
        errors = [_in_words(error) for error in exc.errors]
        return refuse(request, 422, " ".join(errors), errors)

    @api.exception_handler(RequestDataTooBig)
    def too_big(request: HttpRequest, exc: RequestDataTooBig) -> HttpResponse:
        return refuse(request, 413, TOO_BIG)


def _in_words(error: dict[str, Any]) -> str:
    """Turn pydantic's error into "labels.NOPE: Input should be …", without what a caller never wrote."""
    place = [str(part) for part in error["loc"] if part not in ("body", "query", "header", "path", "[key]")]
    return f"{'.'.join(place)}: {error['msg']}."
