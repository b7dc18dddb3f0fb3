"""A small index of the kind of texts the desk has."""

from pathlib import Path

import pytest

from portal.search.engine.engine import Engine
from portal.search.engine.types import Document

NOW = 1_800_000_000.0


def _article(name: str, title: str, body: str = "", **more: object) -> Document:
    fields = {"title": title, "body": body, **{k: v for k, v in more.items() if k in {"phrases", "script", "basis"}}}
    return Document(
        name,
        fields,  # type: ignore[arg-type]
        {"category": [str(more.get("category", "0101"))]},
        more.get("valid_from"),  # type: ignore[arg-type]
        more.get("valid_to"),  # type: ignore[arg-type]
    )


ARTICLES = (
    _article("fund", "住房公积金提取的条件", "职工购买自住住房的，可以提取公积金账户余额。", category="0501"),
    _article("fund-rate", "住房公积金缴存比例", "缴存比例为5%至12%，百分之五是下限。", category="0501"),
    _article("licence", "营业执照遗失补领", "营业执照遗失的，应当公告作废后补领。", phrases=["执照丢了怎么办"]),
    _article("close", "公司注销登记的办理", "清算结束后三十日内申请注销登记。", phrases=["公司不想开了怎么关"]),
    _article("close-quick", "简易注销的条件", "未发生债权债务的公司可以通过简易程序注销。"),
    _article("vat-a", "A类纳税人的优惠", "A类纳税人可以一次领取三个月的发票用量。", category="0201"),
    _article("window", "e窗通平台怎么用", "登录e窗通平台，填写设立信息。"),
    _article("hotline", "热线的依据", "依据国办发〔2020〕53号优化热线。", category="1800"),
    _article("trade-old", "商标异议的期限", "公告之日起三个月内可以提出异议。", valid_to=NOW, category="1001"),
    _article("trade-new", "商标异议的期限", "公告之日起两个月内可以提出异议。", valid_from=NOW, category="1001"),
    _article("hire", "高新技术企业认定", "科技人员占比不低于百分之十。", phrases=["高新怎么认定"], category="0301"),
    _article("insure", "社会保险补缴", "用人单位未按时足额缴纳社会保险费的，责令补缴。", category="0402"),
)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine over the small index."""
    engine = Engine(tmp_path / "index")
    engine.rebuild(ARTICLES, 1)
    return engine
