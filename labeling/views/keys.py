"""A person's own keys, and which clips they want to see."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from labeling import keymap, queue
from labeling.keymap import Key
from labeling.models import Preferences, Slot
from labeling.queue import ClaimLost
from labeling.views.labeling import may_label


class KeysForm(forms.Form):
    """One field an action, named after it; static/js/keysheet.js fills in what is pressed."""

    shows_sensitive = forms.BooleanField(
        required=False,
        label="Hand me sensitive clips",
        help_text="They are blurred until you ask. Off: they go to others.",
    )

    def __init__(self, keys: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, action in keymap.ACTIONS.items():
            self.fields[name] = forms.CharField(
                label=action.words,
                initial=Key(keys[name]).cap,
                required=False,
                strip=False,
                max_length=20,
                widget=forms.TextInput(
                    attrs={
                        "class": "input key-field",
                        "autocomplete": "off",
                        "autocapitalize": "off",
                        "spellcheck": "false",
                        "data-default": Key(action.key).cap,
                    }
                ),
            )

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        return [(group, [self[action.name] for action in actions]) for group, actions in keymap.GROUPS]

    def clean(self) -> dict[str, Any]:
        for name, words in keymap.errors_in(self.chosen).items():
            self.add_error(name, words)
        return self.cleaned_data

    @property
    def chosen(self) -> dict[str, str]:
        return {name: keymap.named(self.cleaned_data.get(name, "")) for name in keymap.ACTIONS}


@require_http_methods(["GET", "POST"])
@may_label
def keys(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    preferences = Preferences.objects.filter(user=user).first() or Preferences(user=user)
    now = {name: key.name for name, key in keymap.keys_of(user).items()}
    form = KeysForm(
        now,
        request.POST if request.method == "POST" else None,
        initial={"shows_sensitive": preferences.shows_sensitive},
        auto_id="key-%s",
    )
    if request.method == "POST" and form.is_valid():
        preferences.keymap = keymap.changed(form.chosen)
        preferences.shows_sensitive = form.cleaned_data["shows_sensitive"]
        preferences.save()
        if not preferences.shows_sensitive:
            _give_back_sensitive(user)
        messages.success(request, "Your keys are saved.")
        return redirect("labeling:keys")
    return render(
        request, "labeling/keys.html", {"form": form, "caps": keymap.CAPS}, status=422 if form.errors else 200
    )


def _give_back_sensitive(user: Any) -> None:
    """Let others have what was reserved for this person before they said no to it."""
    sensitive = Slot.objects.held_by(user).filter(video__post__is_sensitive=True)
    for claim in filter(None, sensitive.values_list("claim", flat=True)):
        with suppress(ClaimLost):
            queue.release(user, claim)
