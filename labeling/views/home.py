"""The start page: straight on to where this person most likely wants to be."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from labeling.models import Video


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Go to labeling if there is something to label, else to the batches, else say how to begin."""
    if not Video.objects.ready().exists():
        return render(request, "labeling/home.html")
    if request.user.has_perm("labeling.label_video"):
        return redirect("labeling:label")
    messages.info(request, "Your account lacks the right to label videos. An admin can give it.")
    return redirect("training:batch-list")
