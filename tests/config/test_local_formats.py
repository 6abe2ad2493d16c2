"""Pages write dates and numbers as the region of who reads them does; their words stay English."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.utils.formats import date_format, get_format, number_format
from django.utils.translation import get_language, gettext, override

from config.local_formats import KINDS, kind_of
from labeling.templatetags.cakelens import intl_locale
from tests.factories import make_batch, make_user
from training.forms import ExportForm
from training.models import TrainingBatch
from training.starting import StartForm

NOON = datetime(2026, 7, 14, 14, 20)  # noqa: DTZ001 - as a page has it: the reader's own


@pytest.mark.parametrize(
    ("accepted", "kind"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "en-de"),
        ("de", "en-de"),
        ("de-LU", "en-de"),
        ("de-CH, de;q=0.9", "en-ch"),
        ("de-AT", "en-fr"),
        ("fr", "en-fr"),
        ("pt-BR", "en-de"),
        ("pt-PT", "en-fr"),
        ("es-ES", "en-de"),
        ("es-MX", "en"),
        ("hi", "en-in"),
        ("en-IN", "en-in"),
        ("en-US,en;q=0.9", "en-us"),
        ("en", "en-us"),
        ("en-GB", "en"),
        ("EN-gb;q=0.7", "en"),
        ("en-AU", "en-nz"),
        ("en-de,de", "en-de"),
        ("ja", "en"),
        ("", "en"),
        ("*", "en"),
        (",;q=1", "en"),
        ("../../de", "en"),
        ("x" * 5000, "en"),
    ],
)
def test_first_language_says_whose_formats(accepted: str, kind: str) -> None:
    assert kind_of(accepted) == kind


@pytest.mark.parametrize(
    ("kind", "written", "locale"),
    [
        ("en", "1,234,567.5; 14 Jul 2026; 14 Jul 2026, 14:20", "en"),
        ("en-us", "1,234,567.5; Jul 14, 2026; Jul 14, 2026, 2:20 PM", "en"),
        ("en-nz", "1,234,567.5; 14 Jul 2026; 14 Jul 2026, 2:20 PM", "en"),
        ("en-de", "1.234.567,5; 14 Jul 2026; 14 Jul 2026, 14:20", "de"),
        ("en-fr", "1\u202f234\u202f567,5; 14 Jul 2026; 14 Jul 2026, 14:20", "fr"),
        ("en-ch", "1'234'567.5; 14 Jul 2026; 14 Jul 2026, 14:20", "de-CH"),
        ("en-in", "12,34,567.5; 14 Jul 2026; 14 Jul 2026, 2:20 PM", "en-IN"),
    ],
)
def test_kind_writes(kind: str, written: str, locale: str) -> None:
    with override(kind):
        dates = [date_format(NOON, form) for form in ("DATE_FORMAT", "DATETIME_FORMAT")]

        assert "; ".join([number_format(1234567.5), *dates]) == written
        assert intl_locale() == locale


@pytest.mark.parametrize("kind", KINDS)
def test_words_and_inputs_are_the_same_for_all(kind: str) -> None:
    with override(kind):
        assert gettext("This field is required.") == "This field is required."
        assert get_format("DATE_INPUT_FORMATS")[0] == "%Y-%m-%d"


@pytest.mark.parametrize("kind", KINDS)
def test_form_reads_and_writes_days_as_browsers_send_them(kind: str) -> None:
    with override(kind):
        form = ExportForm({"since": "2026-07-14"})

        assert form.is_valid()
        assert form.cleaned_data["since"] == date(2026, 7, 14)
        assert 'value="2026-07-14"' in str(form["since"])


@pytest.mark.parametrize("kind", KINDS)
def test_form_reads_and_writes_numbers_as_browsers_send_them(kind: str) -> None:
    with override(kind):
        given = StartForm({"preset": "tiny", "learning_rate": "0.0003", "epochs": "1000"})

        assert given.is_valid(), given.errors
        assert (given.cleaned_data["learning_rate"], given.cleaned_data["epochs"]) == (0.0003, 1000)
        assert 'value="0.0003"' in str(StartForm(initial={"learning_rate": 0.0003})["learning_rate"])


@pytest.fixture
def labeler(client: Client) -> Client:
    client.force_login(make_user("ana"))
    return client


@pytest.fixture
def batch() -> TrainingBatch:
    return make_batch(
        exported_at=datetime(2025, 7, 14, 14, 20, tzinfo=UTC),
        num_train=1_234_567,
        label_counts={"AI_GEN": {"train": [1_234_567, 0, 0]}},
        confounds={"width": 0.618},
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en-US", ["1,234,567", "Jul 14, 2025", "Jul 14, 2025, 2:20 PM UTC", "0.62"]),
        ("en-GB", ["1,234,567", "14 Jul 2025", "14 Jul 2025, 14:20 UTC", "0.62"]),
        ("en-IN", ["12,34,567", "14 Jul 2025", "14 Jul 2025, 2:20 PM UTC", "0.62"]),
        ("de", ["1.234.567", "14 Jul 2025", "14 Jul 2025, 14:20 UTC", "0,62"]),
        ("de-CH", ["1&#x27;234&#x27;567", "14 Jul 2025", "14 Jul 2025, 14:20 UTC", "0.62"]),
        ("fr", ["1\u202f234\u202f567", "14 Jul 2025", "14 Jul 2025, 14:20 UTC", "0,62"]),
    ],
)
def test_page_is_written_for_its_reader(
    language: str, written: list[str], labeler: Client, batch: TrainingBatch
) -> None:
    page = labeler.get("/batches/v5.0/", headers={"accept-language": language}).text

    assert [each for each in written if each not in page] == []


@pytest.mark.django_db
def test_page_stays_english_and_says_that_it_varies(labeler: Client) -> None:
    page = labeler.get("/posts/", headers={"accept-language": "de"})

    assert '<html lang="en" data-numbers="de"' in page.text
    assert "Accept-Language" in page.headers["Vary"]


@pytest.mark.django_db
def test_file_for_programs_is_the_same_for_all(labeler: Client, batch: TrainingBatch) -> None:
    tables = {
        labeler.get("/batches/growth.csv", headers={"accept-language": language}).getvalue()
        for language in ("de", "en-US", "hi")
    }

    assert len(tables) == 1
    assert b"1234567" in tables.pop()


@pytest.mark.django_db
def test_message_is_written_for_its_reader(labeler: Client) -> None:
    links = "\n".join(map(str, range(2_001)))

    page = labeler.post("/collect/", {"links": links}, headers={"accept-language": "de"})

    assert "At most 2.000 links at once, there are 2.001." in page.text


@pytest.mark.django_db
def test_formats_of_one_reader_are_not_the_next_ones(labeler: Client) -> None:
    labeler.get("/posts/", headers={"accept-language": "de"})

    assert get_language() == "en"
