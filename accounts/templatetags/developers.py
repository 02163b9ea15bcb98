"""Texts of the API's description in templates."""

from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

register = template.Library()
_markdown = MarkdownIt("commonmark", {"html": False})


@register.filter
def described(text: str) -> SafeString:
    """One line of Markdown, as descriptions have it (`code`); HTML in it is shown as text."""
    return mark_safe(_markdown.renderInline(text))  # noqa: S308 escaped by the renderer
