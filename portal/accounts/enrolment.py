"""What the page for setting up the second factor shows: the secret, as a QR code and as text."""

import pyotp
import segno

from portal.core.database import db
from portal.core.encryption import unseal

from .models import Person


def enrolment(person_id: int) -> dict[str, object]:
    """The pending second factor of a person: `qr` (an SVG data address) and `secret`, or neither yet."""
    person = db.session.get_one(Person, person_id)
    if not person.totp_sealed or person.totp_confirmed_at:
        return {"qr": None, "secret": None}
    secret = unseal(person.totp_sealed, context=f"totp:{person.id}")
    address = pyotp.TOTP(secret).provisioning_uri(name=person.login, issuer_name="知应")
    image = segno.make(address, error="m").svg_data_uri(scale=5, border=2, dark="#18212f", light="#ffffff")
    return {"qr": image, "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))}
