"""Pictures that people upload, drawn anew: whatever else was hidden in the file is gone. Runs in a child process."""

import base64
import io
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from portal.core.errors import DomainError

PIXELS = 25_000_000
SIDE = 2400
"""The longest side that is kept; a page is 1,000 pixels wide."""
FORMATS = {"png": "PNG", "jpg": "JPEG"}


def redraw(argument: dict[str, Any]) -> dict[str, Any]:
    """Draw a picture anew.

    Args:
        argument: `data`, the file in base64, and `kind`, png or jpg.

    Raises:
        DomainError: no picture of that kind, or one of too many pixels.
    """
    kind = str(argument["kind"])
    Image.MAX_IMAGE_PIXELS = PIXELS
    try:
        with Image.open(io.BytesIO(base64.b64decode(argument["data"])), formats=[FORMATS[kind]]) as picture:
            if picture.width * picture.height > PIXELS:
                raise DomainError(_too_many(picture.width, picture.height))
            turned = ImageOps.exif_transpose(picture)
            turned.thumbnail((SIDE, SIDE))
            clear = kind == "png" and (turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info)
            size, mode = turned.size, "RGBA" if clear else "RGB"
            drawn = Image.new(mode, size)  # a new canvas: a copy would carry comments and profiles along
            drawn.paste(turned.convert(mode))
        out = io.BytesIO()
        drawn.save(out, FORMATS[kind], **({"quality": 88} if kind == "jpg" else {}))
    except Image.DecompressionBombError:
        raise DomainError("图片的像素太多，没有收下：请缩小后再传") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        raise DomainError("图片读不了，没有收下：请用截图工具另存一份再传") from None
    return {"data": base64.b64encode(out.getvalue()).decode(), "width": size[0], "height": size[1]}


def _too_many(width: int, height: int) -> str:
    return f"图片有 {width} × {height} 像素，超过 {PIXELS // 10_000:,} 万，没有收下：请缩小后再传"
