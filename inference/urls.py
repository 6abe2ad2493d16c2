from django.urls import path

from inference import views

app_name = "inference"

urlpatterns = [
    path("models/", views.model_list, name="model-list"),
    path("models/<str:slug>/", views.model_detail, name="model-detail"),
    path("models/<str:slug>/promote/", views.model_promote, name="model-promote"),
]
