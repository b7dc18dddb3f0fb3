"""Words as the dictionary knows them."""

from pathlib import Path

from portal.search.rules.words import Segmenter


def test_terms_come_from_titles_and_the_cache_lies_in_our_folder(tmp_path: Path) -> None:
    segmenter = Segmenter(tmp_path / "jieba", ["经营异常名录"])
    assert segmenter.terms(["被列入经营异常名录怎么办", "经营异常名录的移出", "公司注销"])[0] == "经营异常名录"
    assert "怎么办" not in segmenter.terms(["怎么办"])
    assert [path.name for path in (tmp_path / "jieba").iterdir()] == ["jieba.cache"]
    assert Segmenter(tmp_path / "jieba").words("增值税") == ["增值税"]
