"""All tables of the knowledge base."""

from .articles import Article, Basis, Phrase, Proposal, Publication, Review, Revision
from .editing import Attachment, Draft, Reference, Remark, ReviewItem, ReviewRequest
from .keeping import Acknowledgement, Feedback, RuleChange, RuleTouch, Subscription, Verification
from .readers import Favourite, Flag, Gap, GapReport, Opened, PhraseEvidence, ProposedPhrase, Use
from .taking_in import ArticleBatch, ArticleRow

__all__ = [
    "Acknowledgement",
    "Article",
    "ArticleBatch",
    "ArticleRow",
    "Attachment",
    "Basis",
    "Draft",
    "Favourite",
    "Feedback",
    "Flag",
    "Gap",
    "GapReport",
    "Opened",
    "Phrase",
    "PhraseEvidence",
    "Proposal",
    "ProposedPhrase",
    "Publication",
    "Reference",
    "Remark",
    "Review",
    "ReviewItem",
    "ReviewRequest",
    "Revision",
    "RuleChange",
    "RuleTouch",
    "Subscription",
    "Use",
    "Verification",
]
