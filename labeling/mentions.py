"""Generators named in a post's own words."""

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# What people write. Common words ("ray", "pika", "wan") count only with what makes them a product's name.
NAMES = (
    r"kling",
    r"higgsfield",
    r"wan ?\d(?:\.\d)?",
    r"mid ?journey",
    r"hailuo|minimax",
    r"luma|dream ?machine|ray ?[23]",
    r"veo ?\d?(?:\.\d)?|google flow",
    r"runway(?:ml)?|gen-?[2-4]\b",
    r"sora ?\d?",
    r"chat ?gpt|gpt-?4o",
    r"pika(?: ?labs| ?\d(?:\.\d)?)|#pika",
    r"hunyuan",
    r"vidu",
    r"ai[- ]generated|made with ai|#ai(?:art|video|generated)?",
)
MENTION = re.compile(rf"(?<!\w)(?:{'|'.join(NAMES)})(?!\w)", re.IGNORECASE)


def marked(text: str) -> SafeString:
    """Return `text` as HTML with every named generator marked."""
    parts = []
    end = 0
    for found in MENTION.finditer(text):
        parts += [escape(text[end : found.start()]), f"<mark>{escape(found[0])}</mark>"]
        end = found.end()
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308 - every part is escaped above
