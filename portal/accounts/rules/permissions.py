"""Who may do what: the matrix of docs/permissions.csv as code; a test holds the two against each other both ways."""

from enum import StrEnum

from .roles import Role


class Permission(StrEnum):
    """`<domain>:<thing>:<action>`, in alphabetical order."""

    ACCOUNTS_API_TOKEN_END = "accounts:api-token:end"
    ACCOUNTS_API_TOKEN_GRANT = "accounts:api-token:grant"
    ACCOUNTS_API_TOKEN_MAKE = "accounts:api-token:make"
    ACCOUNTS_PERSON_CREATE = "accounts:person:create"
    ACCOUNTS_PERSON_READ = "accounts:person:read"
    ACCOUNTS_ROLE_GRANT = "accounts:role:grant"
    ACCOUNTS_ROLE_PROPOSE = "accounts:role:propose"
    ACCOUNTS_SELF_USE = "accounts:self:use"
    ACCOUNTS_SESSION_END = "accounts:session:end"
    ADMIN_AUDIT_EXPORT = "admin:audit:export"
    ADMIN_AUDIT_OWN = "admin:audit:own"
    ADMIN_AUDIT_READ = "admin:audit:read"
    ADMIN_BACKUP_MANAGE = "admin:backup:manage"
    ADMIN_CALENDAR_EDIT = "admin:calendar:edit"
    ADMIN_CALENDAR_READ = "admin:calendar:read"
    ADMIN_CONFIG_READ = "admin:config:read"
    ADMIN_CONSOLE_READ = "admin:console:read"
    ADMIN_HEALTH_READ = "admin:health:read"
    CATEGORIES_CATEGORY_EDIT = "categories:category:edit"
    CATEGORIES_CATEGORY_READ = "categories:category:read"
    CATEGORIES_PROMPT_CONFIRM_REFUSAL = "categories:prompt:confirm-refusal"
    CATEGORIES_PROMPT_READ = "categories:prompt:read"
    CATEGORIES_PROMPT_REFUSE = "categories:prompt:refuse"
    CATEGORIES_PROMPT_TAKE = "categories:prompt:take"
    CONTRACT_ACCEPTANCE_DECIDE = "contract:acceptance:decide"
    CONTRACT_ACCEPTANCE_SUBMIT = "contract:acceptance:submit"
    CONTRACT_COMPLAINT_CONFIRM = "contract:complaint:confirm"
    CONTRACT_DATA_READ = "contract:data:read"
    CONTRACT_DATA_WRITE = "contract:data:write"
    CONTRACT_LEDGER_CONFIRM = "contract:ledger:confirm"
    CONTRACT_LEDGER_PROPOSE = "contract:ledger:propose"
    DIRECTORY_COMPANY_EDIT = "directory:company:edit"
    DIRECTORY_COMPANY_MERGE = "directory:company:merge"
    DIRECTORY_UNIT_EDIT = "directory:unit:edit"
    DIRECTORY_UNIT_READ = "directory:unit:read"
    DUTY_ROSTER_EDIT = "duty:roster:edit"
    DUTY_ROSTER_READ = "duty:roster:read"
    DUTY_SWAP_APPROVE = "duty:swap:approve"
    DUTY_SWAP_ASK = "duty:swap:ask"
    GUIDANCE_NOTE_WRITE = "guidance:note:write"
    GUIDANCE_RULE_APPROVE = "guidance:rule:approve"
    GUIDANCE_RULE_DRAFT = "guidance:rule:draft"
    HOME_DESK_READ = "home:desk:read"
    INBOX_EXPORT_APPROVE = "inbox:export:approve"
    INBOX_EXPORT_ASK_UNMASKED = "inbox:export:ask-unmasked"
    INBOX_EXPORT_LOG = "inbox:export:log"
    INBOX_EXPORT_MASKED = "inbox:export:masked"
    INBOX_SELF_USE = "inbox:self:use"
    KNOWLEDGE_ARTICLE_APPROVE = "knowledge:article:approve"
    KNOWLEDGE_ARTICLE_ASSIGN = "knowledge:article:assign"
    KNOWLEDGE_ARTICLE_DELETE = "knowledge:article:delete"
    KNOWLEDGE_ARTICLE_EMERGENCY = "knowledge:article:emergency"
    KNOWLEDGE_ARTICLE_FAVOURITE = "knowledge:article:favourite"
    KNOWLEDGE_ARTICLE_READ = "knowledge:article:read"
    KNOWLEDGE_ARTICLE_SUGGEST = "knowledge:article:suggest"
    KNOWLEDGE_ARTICLE_WRITE = "knowledge:article:write"
    KNOWLEDGE_CHANGE_ACKNOWLEDGE = "knowledge:change:acknowledge"
    KNOWLEDGE_CHANGE_FOLLOW = "knowledge:change:follow"
    KNOWLEDGE_DRAFT_READ = "knowledge:draft:read"
    KNOWLEDGE_FLAG_ANSWER = "knowledge:flag:answer"
    KNOWLEDGE_FLAG_RAISE = "knowledge:flag:raise"
    KNOWLEDGE_GAP_READ = "knowledge:gap:read"
    KNOWLEDGE_HISTORY_READ = "knowledge:history:read"
    KNOWLEDGE_PENDING_READ = "knowledge:pending:read"
    KNOWLEDGE_USE_READ = "knowledge:use:read"
    KNOWLEDGE_WORD_EDIT = "knowledge:word:edit"
    REPORTS_REPORT_APPROVE = "reports:report:approve"
    REPORTS_REPORT_DRAFT = "reports:report:draft"
    REPORTS_REPORT_READ = "reports:report:read"
    TICKETS_CORRECTION_CONFIRM = "tickets:correction:confirm"
    TICKETS_CORRECTION_PROPOSE = "tickets:correction:propose"
    TICKETS_EXTENSION_APPROVE = "tickets:extension:approve"
    TICKETS_EXTENSION_REQUEST = "tickets:extension:request"
    TICKETS_PLAN_PROPOSE = "tickets:plan:propose"
    TICKETS_PLAN_REVIEW = "tickets:plan:review"
    TICKETS_STATISTICS_READ = "tickets:statistics:read"
    TICKETS_TICKET_IMPORT = "tickets:ticket:import"
    TICKETS_TICKET_READ = "tickets:ticket:read"
    TICKETS_TICKET_REVEAL = "tickets:ticket:reveal"
    TICKETS_TICKET_WRITE = "tickets:ticket:write"
    TICKETS_URGE_RECORD = "tickets:urge:record"
    TICKETS_URGE_SUPERVISE = "tickets:urge:supervise"
    TRAINING_ATTENDANCE_CORRECT = "training:attendance:correct"
    TRAINING_PLAN_APPROVE = "training:plan:approve"
    TRAINING_PLAN_EDIT = "training:plan:edit"
    TRAINING_PLAN_READ = "training:plan:read"
    TRAINING_RECORD_READ = "training:record:read"
    TRAINING_SESSION_ATTEND = "training:session:attend"
    VISITS_FINDING_CLOSE = "visits:finding:close"
    VISITS_FINDING_LONG_TERM = "visits:finding:long-term"
    VISITS_VISIT_EDIT = "visits:visit:edit"
    VISITS_VISIT_READ = "visits:visit:read"
    VISITS_VISIT_SUGGEST = "visits:visit:suggest"


_GRANTS = {
    Permission.ACCOUNTS_API_TOKEN_END: "QX",
    Permission.ACCOUNTS_API_TOKEN_GRANT: "Q",
    Permission.ACCOUNTS_API_TOKEN_MAKE: "X",
    Permission.ACCOUNTS_PERSON_CREATE: "X",
    Permission.ACCOUNTS_PERSON_READ: "QX",
    Permission.ACCOUNTS_ROLE_GRANT: "Q",
    Permission.ACCOUNTS_ROLE_PROPOSE: "S",
    Permission.ACCOUNTS_SELF_USE: "ADERTVSCUQX",
    Permission.ACCOUNTS_SESSION_END: "Q",
    Permission.ADMIN_AUDIT_EXPORT: "U",
    Permission.ADMIN_AUDIT_OWN: "SC",
    Permission.ADMIN_AUDIT_READ: "U",
    Permission.ADMIN_BACKUP_MANAGE: "X",
    Permission.ADMIN_CALENDAR_EDIT: "SX",
    Permission.ADMIN_CALENDAR_READ: "SCX",
    Permission.ADMIN_CONFIG_READ: "X",
    Permission.ADMIN_CONSOLE_READ: "UQX",
    Permission.ADMIN_HEALTH_READ: "X",
    Permission.CATEGORIES_CATEGORY_EDIT: "RS",
    Permission.CATEGORIES_CATEGORY_READ: "ADERTVSC",
    Permission.CATEGORIES_PROMPT_CONFIRM_REFUSAL: "S",
    Permission.CATEGORIES_PROMPT_READ: "ADERTVSC",
    Permission.CATEGORIES_PROMPT_REFUSE: "S",
    Permission.CATEGORIES_PROMPT_TAKE: "ETV",
    Permission.CONTRACT_ACCEPTANCE_DECIDE: "C",
    Permission.CONTRACT_ACCEPTANCE_SUBMIT: "S",
    Permission.CONTRACT_COMPLAINT_CONFIRM: "C",
    Permission.CONTRACT_DATA_READ: "SC",
    Permission.CONTRACT_DATA_WRITE: "S",
    Permission.CONTRACT_LEDGER_CONFIRM: "C",
    Permission.CONTRACT_LEDGER_PROPOSE: "S",
    Permission.DIRECTORY_COMPANY_EDIT: "DVS",
    Permission.DIRECTORY_COMPANY_MERGE: "S",
    Permission.DIRECTORY_UNIT_EDIT: "DVS",
    Permission.DIRECTORY_UNIT_READ: "ADERTVSC",
    Permission.DUTY_ROSTER_EDIT: "S",
    Permission.DUTY_ROSTER_READ: "ADERTVSC",
    Permission.DUTY_SWAP_APPROVE: "S",
    Permission.DUTY_SWAP_ASK: "ADERTVS",
    Permission.GUIDANCE_NOTE_WRITE: "DS",
    Permission.GUIDANCE_RULE_APPROVE: "C",
    Permission.GUIDANCE_RULE_DRAFT: "S",
    Permission.HOME_DESK_READ: "ADERTVSC",
    Permission.INBOX_EXPORT_APPROVE: "C",
    Permission.INBOX_EXPORT_ASK_UNMASKED: "S",
    Permission.INBOX_EXPORT_LOG: "U",
    Permission.INBOX_EXPORT_MASKED: "ERTVSC",
    Permission.INBOX_SELF_USE: "ADERTVSCUQX",
    Permission.KNOWLEDGE_ARTICLE_APPROVE: "R",
    Permission.KNOWLEDGE_ARTICLE_ASSIGN: "RS",
    Permission.KNOWLEDGE_ARTICLE_DELETE: "S",
    Permission.KNOWLEDGE_ARTICLE_EMERGENCY: "RS",
    Permission.KNOWLEDGE_ARTICLE_FAVOURITE: "ADERTVSC",
    Permission.KNOWLEDGE_ARTICLE_READ: "ADERTVSC",
    Permission.KNOWLEDGE_ARTICLE_SUGGEST: "AV",
    Permission.KNOWLEDGE_ARTICLE_WRITE: "E",
    Permission.KNOWLEDGE_CHANGE_ACKNOWLEDGE: "ADETVS",
    Permission.KNOWLEDGE_CHANGE_FOLLOW: "TS",
    Permission.KNOWLEDGE_DRAFT_READ: "ERS",
    Permission.KNOWLEDGE_FLAG_ANSWER: "ER",
    Permission.KNOWLEDGE_FLAG_RAISE: "ADETVS",
    Permission.KNOWLEDGE_GAP_READ: "ERS",
    Permission.KNOWLEDGE_HISTORY_READ: "ADERTVSC",
    Permission.KNOWLEDGE_PENDING_READ: "ERS",
    Permission.KNOWLEDGE_USE_READ: "ERS",
    Permission.KNOWLEDGE_WORD_EDIT: "ER",
    Permission.REPORTS_REPORT_APPROVE: "C",
    Permission.REPORTS_REPORT_DRAFT: "S",
    Permission.REPORTS_REPORT_READ: "SC",
    Permission.TICKETS_CORRECTION_CONFIRM: "SC",
    Permission.TICKETS_CORRECTION_PROPOSE: "DS",
    Permission.TICKETS_EXTENSION_APPROVE: "C",
    Permission.TICKETS_EXTENSION_REQUEST: "ADS",
    Permission.TICKETS_PLAN_PROPOSE: "ADS",
    Permission.TICKETS_PLAN_REVIEW: "DS",
    Permission.TICKETS_STATISTICS_READ: "ERT",
    Permission.TICKETS_TICKET_IMPORT: "DS",
    Permission.TICKETS_TICKET_READ: "ADVSC",
    Permission.TICKETS_TICKET_REVEAL: "ADVSC",
    Permission.TICKETS_TICKET_WRITE: "AS",
    Permission.TICKETS_URGE_RECORD: "ADS",
    Permission.TICKETS_URGE_SUPERVISE: "S",
    Permission.TRAINING_ATTENDANCE_CORRECT: "TS",
    Permission.TRAINING_PLAN_APPROVE: "C",
    Permission.TRAINING_PLAN_EDIT: "TS",
    Permission.TRAINING_PLAN_READ: "TSC",
    Permission.TRAINING_RECORD_READ: "ADERTVS",
    Permission.TRAINING_SESSION_ATTEND: "ADERTVS",
    Permission.VISITS_FINDING_CLOSE: "VS",
    Permission.VISITS_FINDING_LONG_TERM: "S",
    Permission.VISITS_VISIT_EDIT: "VS",
    Permission.VISITS_VISIT_READ: "VSC",
    Permission.VISITS_VISIT_SUGGEST: "ERVSC",
}

GRANTS: dict[Permission, frozenset[Role]] = {
    permission: frozenset(Role(letter) for letter in letters) for permission, letters in _GRANTS.items()
}
"""The roles that hold each permission; what an object's state narrows further is decided by the domain."""


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """Everything these roles may do together; roles add up."""
    return frozenset(permission for permission, holders in GRANTS.items() if roles & holders)
