"""The settings of the portal, read from the environment once; nothing else reads the environment."""

import re
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


class Profile(StrEnum):
    """The password policy in force (accounts/rules/passwords.py says what each asks for)."""

    MLPS3 = "mlps3"
    ASVS = "asvs"


class Mfa(StrEnum):
    """Who needs a second factor in production; `privileged` spares agents and visit staff and is a deviation."""

    ALL = "all"
    PRIVILEGED = "privileged"


class ConfigError(Exception):
    """A setting cannot be used; the message is one sentence for the person who starts the portal."""


class Settings(BaseSettings):
    """Every setting, with its name in the environment: PORTAL_ and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_", env_ignore_empty=True, frozen=True)

    env: Env = Field(default=Env.DEMO, description="演示、测试或正式")
    data_dir: Path = Field(default=ROOT / "var", description="所有数据都在这个目录下")
    database_url: str = Field(default="", description="数据库地址；不写就是数据目录里的 SQLite")
    port: int = Field(default=8000, ge=1, le=65535, description="make run 用的端口")
    now: datetime | None = Field(default=None, description="时钟从这一刻走起；正式环境不能用")
    secret_key: str = Field(default="", description="签名用的密钥；不写就自己生成，存在数据目录")
    data_key: str = Field(default="", description="加密用的密钥；不写就自己生成，存在数据目录")
    meaning: bool = Field(default=True, description="有模型时，也按意思找")
    password_profile: Profile = Field(default=Profile.MLPS3, description="密码规则：mlps3 或 asvs")
    mfa: Mfa = Field(default=Mfa.ALL, description="谁要验证器：all 或 privileged（与等保三级有偏离）")

    @field_validator("now")
    @classmethod
    def _with_offset(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.utcoffset() is None:
            raise ValueError("PORTAL_NOW 要带时区，例如 2026-12-31T09:00:00+08:00")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not re.fullmatch(r"(?:sqlite:///|postgres(?:ql)?(?:\+psycopg)?://)\S+", value):
            raise ValueError("PORTAL_DATABASE_URL 应写作 postgresql://用户@主机/库名，或 sqlite:////目录/portal.db")
        return value

    @model_validator(mode="after")
    def _production_is_strict(self) -> "Settings":
        if self.env is Env.PRODUCTION:
            if self.now is not None:
                raise ValueError("正式环境不接受 PORTAL_NOW：时钟只能是真的")
            for name in ("secret_key", "data_key"):
                _refuse_weak(name, getattr(self, name))
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


def _refuse_weak(name: str, value: str) -> None:
    """A given secret must be long and random; one that is not given is made by the portal itself."""
    if value and (len(value) < 32 or len(set(value)) < 12):
        raise ValueError(f"PORTAL_{name.upper()} 太弱：请用 32 位以上的随机文字，或不写，由程序自己生成")


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        ConfigError: a value is missing, malformed or not allowed.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigError(_why(error)) from None


_FAULTS = {
    "enum": "应是 {expected}",
    "int_parsing": "应是整数",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "datetime_from_date_parsing": "应是带时区的时间，例如 2026-12-31T09:00:00+08:00",
}


def _why(error: ValidationError) -> str:
    """The first fault as a sentence that names the setting."""
    first = error.errors()[0]
    context = dict(first.get("ctx", {}))
    if first["type"] == "value_error":
        return str(context["error"])
    if "expected" in context:
        context["expected"] = "、".join(re.findall(r"'([^']+)'", context["expected"]))
    name = "PORTAL_" + "_".join(map(str, first["loc"])).upper()
    return f"{name} 的值不能用：" + _FAULTS.get(first["type"], "写法不对").format(**context)


def shown(settings: Settings) -> list[dict[str, str]]:
    """Every setting as an administrator may see it: name in the environment, value, what it is for; no secret."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if name.endswith("_key"):
            text = "已由环境变量给出" if value else "自己生成的，存在数据目录"
        elif name == "database_url":
            text = re.sub(r"(?<=:)[^:@/]+(?=@)", "＊＊＊", settings.database)
        else:
            text = "没有设" if value is None else str(value)
        rows.append({"name": f"PORTAL_{name.upper()}", "value": text, "means": field.description or ""})
    return rows
