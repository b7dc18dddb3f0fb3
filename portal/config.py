"""The settings of the portal, read from the environment once; nothing else reads the environment."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Env(StrEnum):
    """What the portal runs as."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class ConfigError(Exception):
    """A setting cannot be used; the message is one sentence for the person who starts the portal."""


class Settings(BaseSettings):
    """Every setting, with its name in the environment: PORTAL_ and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_", frozen=True)

    env: Env = Env.DEMO
    data_dir: Path = ROOT / "var"
    database_url: str = ""
    port: int = Field(default=8000, ge=1, le=65535)
    now: datetime | None = None
    secret_key: str = ""

    @field_validator("now")
    @classmethod
    def _with_offset(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.utcoffset() is None:
            raise ValueError("PORTAL_NOW 要带时区，例如 2026-12-31T09:00:00+08:00")
        return value

    @model_validator(mode="after")
    def _production_is_strict(self) -> "Settings":
        if self.env is Env.PRODUCTION:
            if self.now is not None:
                raise ValueError("正式环境不接受 PORTAL_NOW：时钟只能是真的")
            raise ValueError("正式环境的登录还没有做好，目前只能以 PORTAL_ENV=demo 运行")
        return self

    @property
    def is_demo(self) -> bool:
        """Whether demo people may sign in with one click."""
        return self.env is not Env.PRODUCTION

    @property
    def database(self) -> str:
        """The database's address; a file in the data folder unless PORTAL_DATABASE_URL names another."""
        url = self.database_url or f"sqlite:///{self.data_dir.resolve() / 'portal.db'}"
        for short in ("postgresql://", "postgres://"):
            if url.startswith(short):
                return "postgresql+psycopg://" + url.removeprefix(short)
        return url


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        ConfigError: a value is missing, malformed or not allowed.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "PORTAL_" + "_".join(map(str, first["loc"])).upper() if first["loc"] else ""
        reason = str(first["ctx"]["error"]) if "error" in first.get("ctx", {}) else f"{name} 的值不能用：{first['msg']}"
        raise ConfigError(reason) from None
