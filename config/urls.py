"""Every URL: each app's own, and what belongs to no app."""

from importlib.util import find_spec

from django.contrib import admin
from django.contrib.auth import views as auth
from django.contrib.staticfiles.storage import staticfiles_storage
from django.urls import include, path, reverse_lazy
from django.views.generic import RedirectView

from config import health, metrics
from config.api import api
from labeling.views import account, home

# The admin pages say whose they are; Django's own words say Django.
admin.site.site_header = admin.site.site_title = "CakeLens"

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path(
        "account/password/",
        auth.PasswordChangeView.as_view(success_url=reverse_lazy("home")),
        name="password_change",
    ),
    path("account/theme/", account.theme, name="theme"),
    path("favicon.ico", RedirectView.as_view(url=staticfiles_storage.url("img/favicon.svg"))),
    path("", include("labeling.urls")),
    *(path("", include(urls)) for urls in ("inference.urls", "training.urls") if find_spec(urls)),
    path("api/", api.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
]
