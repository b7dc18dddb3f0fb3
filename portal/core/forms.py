"""Forms: Chinese words, the opened version, one effect for a form sent twice."""

import secrets
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField
from wtforms.i18n import get_translations
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import HiddenInput


class PortalForm(FlaskForm):
    """The form every page uses: fields know their labels, faults and hints; nothing typed is lost."""

    class Meta(FlaskForm.Meta):
        """Chinese messages whatever the browser asks for."""

        locales = ("zh",)

        def get_translations(self, form: Any) -> Any:
            """WTForms' translations for Chinese."""
            return get_translations(["zh"])

    form_key = HiddenField(default=lambda: secrets.token_urlsafe(16))
    """Names this very form; the second sending of it has no second effect."""


class VersionedForm(PortalForm):
    """A form that changes something: carries the version that was opened."""

    opened_version = IntegerField(validators=[Optional(), NumberRange(0, 2**31 - 1)], widget=HiddenInput())
