"""Dates and numbers as the reader's region writes them: the browser's first language says which.

The words stay English. So what is activated is never German, it is the English of Germany: Django finds the
words of `en-de` in `en`, and its formats in config/formats/en_DE.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

PLAIN = "en"

# Source: the signs and patterns of CLDR 48. en-nz, not en-au: Django has formats of its own for that one.
KINDS = {
    "en-us": "en en-us en-ca en-ph en-pr",
    "en-nz": "en-nz en-au en-hk en-my en-pk en-sg",
    "en-de": "az bs ca da de el es eu gl hr id is it lo mk nl pt ro sl sr tr vi"
    " en-at en-be en-de en-dk en-es en-it en-nl en-pl fr-dz fr-lu fr-ma fr-tn",
    "en-fr": "af be bg cs et fi fr hu hy ka kk ky lt lv nb nn no pl ru sk sq sv uk uz"
    " de-at en-cz en-fi en-fr en-no en-pt en-se en-za es-cr pt-ao pt-pt",
    "en-ch": "de-ch de-li en-ch it-ch",
    "en-in": "bn en-in gu hi ml mr ne pa ta te",
    PLAIN: "es-419 es-do es-gt es-hn es-mx es-ni es-pa es-pe es-pr es-sv es-us",
}
_KIND_OF = {language: kind for kind, languages in KINDS.items() for language in languages.split()}


def middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    def local_formats(request: HttpRequest) -> HttpResponseBase:
        with translation.override(kind_of(request.headers.get("Accept-Language", ""))):
            response = get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["Accept-Language"])
        return response

    return local_formats


def kind_of(accepted: str) -> str:
    """Return whose formats to use for an Accept-Language; its first language counts, the one liked best.

    A language not known with its region is looked up without it: de-LU is written as de.
    """
    first = accepted.partition(",")[0].partition(";")[0].strip().lower()
    language = first.partition("-")[0]
    if first in _KIND_OF:
        return _KIND_OF[first]
    # English of a place that is not listed is not American English.
    return PLAIN if language == "en" else _KIND_OF.get(language, PLAIN)
