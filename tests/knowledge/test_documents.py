"""Names and numbers of documents: many spellings, one document."""

import pytest

from portal.knowledge.rules.documents import document, documents, mentions, normal, pieces, rests_on, spoken

SAME = [
    [
        "国发〔2018〕35号",
        "国发[2018]35号",
        "国发(2018)35号",
        "国发（2018）35号",
        "国发【2018】35号",
        "国发﹝2018﹞35号",
        "国发〔２０１８〕３５号",
        "国发 〔2018〕 35 号",
        "国发〔2018〕第35号",
        "国发〔2018〕035号",
        "国发〔二〇一八〕三十五号",
        "《国发〔2018〕35号》",
    ],
    [
        "国务院令第722号",
        "国务院第722号令",
        "国务院令722号",
        "中华人民共和国国务院令第722号",
        "国务院令第７２２号",
        "国务院令 第 722 号",
    ],
    ["财政部 税务总局公告2026年第10号", "财政部税务总局公告〔2026〕10号", "财政部、税务总局公告2026年第10号"],
    ["公司法", "《公司法》", "中华人民共和国公司法", "《中华人民共和国公司法》", "中华人民共和国 公司法"],
    [
        "中华人民共和国公司法(2023年修订)",
        "公司法（2023年修订）",
        "《公司法》（2023 年修订）",
        "《中华人民共和国公司法》(２０２３年修订)",
    ],
    ["企业名称登记管理规定(试行)", "企业名称登记管理规定（试行）", "《企业名称登记管理规定》"],
]
OTHERS = [
    ("国发〔2018〕35号", "国发〔2018〕36号"),
    ("国发〔2018〕35号", "国办发〔2018〕35号"),
    ("国发〔2018〕35号", "国发〔2019〕35号"),
    ("国务院令第722号", "国务院令第72号"),
    ("公司法", "外商投资法"),
    ("劳动法", "劳动合同法"),
    ("商标法(2019年修正)", "商标法(2026年修订)"),
    ("公司法", "国务院关于实施《中华人民共和国公司法》注册资本登记管理制度的规定(国务院令第784号)"),
    ("解释(一)(法释〔2020〕26号)", "解释(二)(法释〔2025〕12号)"),
    ("解释(一)", "解释(二)"),
    ("增值税法", "增值税法实施条例"),
]


@pytest.mark.parametrize(("one", "other"), [(group[0], each) for group in SAME for each in group])
def test_one_document_has_one_key_in_all_its_spellings(one: str, other: str) -> None:
    first, second = document(one), document(other)
    assert first is not None
    assert second is not None
    assert first.key == second.key
    assert rests_on(one, second)
    assert rests_on(other, first)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_what_only_looks_alike_is_another_document(one: str, other: str) -> None:
    asked = document(one)
    assert asked is not None
    assert not rests_on(other, asked)


@pytest.mark.parametrize(
    ("asked", "source"),
    [
        ("优化营商环境条例", "优化营商环境条例(国务院令第722号)"),
        ("国务院令第722号", "优化营商环境条例(国务院令第722号)"),
        ("国务院第802号令", "保障中小企业款项支付条例(国务院令第802号,2025年修订)"),
        ("保障中小企业款项支付条例（2025年修订）", "保障中小企业款项支付条例(国务院令第802号,2025年修订)"),
        ("法释[2025]12号", "最高人民法院关于审理劳动争议案件适用法律问题的解释(二)(法释〔2025〕12号)"),
        ("公司法", "中华人民共和国公司法(2023年修订)"),
        ("建筑法", "建设工程质量管理条例(2019年修订);中华人民共和国建筑法(2019年修正)"),
        ("建设工程质量管理条例", "建设工程质量管理条例(2019年修订);中华人民共和国建筑法(2019年修正)"),
        ("企业信息公示暂行条例(国务院令第777号)", "企业信息公示暂行条例(2024年修订,国务院令第777号)"),
    ],
)
def test_a_document_is_found_by_its_name_or_its_number(asked: str, source: str) -> None:
    found = document(asked)
    assert found is not None
    assert rests_on(source, found)


@pytest.mark.parametrize("typed", ["", " ", "号", "《》", "第", "35号"[:0]])
def test_what_is_neither_name_nor_number_is_no_document(typed: str) -> None:
    assert document(typed) is None


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("按国发[2018]35号文办理", "国发〔2018〕35号"),
        ("见国发（２０１８）３５号。", "国发〔2018〕35号"),
        ("依《中华人民共和国公司法》第四十七条", "公司法"),
        ("公司法说五年", "中华人民共和国公司法(2023年修订)"),
        ("国务院第722号令第九条", "国务院令第722号"),
    ],
)
def test_a_text_speaks_of_a_document_in_any_spelling_and_holds_one_of_its_pieces(text: str, asked: str) -> None:
    found = document(asked)
    assert found is not None
    assert mentions(text, found)
    assert any(piece in text for piece in pieces(found))


def test_each_part_of_a_source_is_a_document() -> None:
    assert [each.name for each in documents("甲条例(2019年修订);乙条例(2020年修正)")] == ["甲条例", "乙条例"]
    assert normal("国发 (2018) 35号") == "国发〔2018〕35号"
    assert [spoken(n) for n in (1, 10, 12, 20, 35, 105, 110, 1000)] == [
        "一",
        "十",
        "十二",
        "二十",
        "三十五",
        "一百零五",
        "一百一十",
        "",
    ]
