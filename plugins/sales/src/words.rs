//! What people read where something is refused, in their language, and the words by which programs know it.

use tenon_sdk::Refusal;

use crate::rules::Cause;

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The lead is not there, or not to be seen.
    NoLead,
    /// The lead is of no pool.
    NoPool,
    /// Not a member of the pool.
    NotAMember,
    /// Not an admin of the pool.
    NotAnAdmin,
    /// Whoever asks is no person: a key, a service.
    NotAPerson,
    /// The pool is switched off.
    PoolInactive,
    /// The lead was converted, or is invalid.
    Closed,
    /// Somebody has it.
    AlreadyOwned,
    /// Somebody else has it, or nobody.
    NotYours,
    /// The reason is blank.
    ReasonMissing,
    /// So many claims a day.
    DailyLimit(i64),
    /// So many leads at once.
    HoldLimit(i64),
    /// Not before this moment.
    Cooldown(String),
    /// The lead is a customer already.
    AlreadyConverted,
    /// A record of this object is to be linked, and is not there.
    NotThere(&'static str),
    /// At this place, this stands in the way.
    NotConverted(String, String),
}

impl Word {
    /// The stable word.
    pub(crate) fn rule(&self) -> &'static str {
        match self {
            Self::NoLead => "NO_LEAD",
            Self::NoPool => "NO_POOL",
            Self::NotAMember => "NOT_A_MEMBER",
            Self::NotAnAdmin => "NOT_AN_ADMIN",
            Self::NotAPerson => "NOT_A_PERSON",
            Self::PoolInactive => "POOL_INACTIVE",
            Self::Closed => "CLOSED",
            Self::AlreadyOwned => "ALREADY_OWNED",
            Self::NotYours => "NOT_YOURS",
            Self::ReasonMissing => "REASON_MISSING",
            Self::DailyLimit(_) => "DAILY_LIMIT",
            Self::HoldLimit(_) => "HOLD_LIMIT",
            Self::Cooldown(_) => "COOLDOWN",
            Self::AlreadyConverted => "ALREADY_CONVERTED",
            Self::NotThere(_) => "NOT_THERE",
            Self::NotConverted(..) => "NOT_CONVERTED",
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NoLead => "there is no such lead".to_owned(),
            Self::NoPool => "the lead is of no pool".to_owned(),
            Self::NotAMember => "only members of the pool can have its leads".to_owned(),
            Self::NotAnAdmin => "only admins of the pool do that".to_owned(),
            Self::NotAPerson => "only people can claim a lead".to_owned(),
            Self::PoolInactive => "the pool is switched off".to_owned(),
            Self::Closed => "the lead is converted or invalid".to_owned(),
            Self::AlreadyOwned => "somebody has the lead already".to_owned(),
            Self::NotYours => "the lead is not yours".to_owned(),
            Self::ReasonMissing => "say why".to_owned(),
            Self::DailyLimit(most) => format!("the pool allows {most} claims a day"),
            Self::HoldLimit(most) => format!("the pool allows {most} open leads at once"),
            Self::Cooldown(until) => format!("a former owner may claim the lead again from {until} on"),
            Self::AlreadyConverted => "the lead has been converted already".to_owned(),
            Self::NotThere(object) => format!("there is no such {object}"),
            Self::NotConverted(at, why) => format!("the lead cannot be converted: {at}: {why}"),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::NoLead => "线索不存在".to_owned(),
            Self::NoPool => "该线索不属于任何公海".to_owned(),
            Self::NotAMember => "只有公海成员才能持有其中的线索".to_owned(),
            Self::NotAnAdmin => "只有公海管理员才能执行此操作".to_owned(),
            Self::NotAPerson => "只有用户才能领取线索".to_owned(),
            Self::PoolInactive => "该公海已停用".to_owned(),
            Self::Closed => "该线索已转化或已作废".to_owned(),
            Self::AlreadyOwned => "该线索已有负责人".to_owned(),
            Self::NotYours => "该线索不由您负责".to_owned(),
            Self::ReasonMissing => "请填写原因".to_owned(),
            Self::DailyLimit(most) => format!("本公海每人每天最多领取 {most} 条线索"),
            Self::HoldLimit(most) => format!("本公海每人最多同时持有 {most} 条未结线索"),
            Self::Cooldown(until) => format!("原负责人须到 {until} 之后才能再次领取"),
            Self::AlreadyConverted => "该线索已经转化".to_owned(),
            Self::NotThere(object) => format!("不存在该记录（{object}）"),
            Self::NotConverted(at, why) => format!("线索无法转化：{at}：{why}"),
        }
    }

    /// The refusal, in a language.
    pub(crate) fn refusal(&self, locale: &str) -> Refusal {
        let message = if is_chinese(locale) { self.chinese() } else { self.english() };
        Refusal::new(message).rule(self.rule())
    }
}

fn is_chinese(locale: &str) -> bool {
    locale.starts_with("zh")
}

/// Why a lead went back by itself.
pub(crate) fn cause(cause: Cause, locale: &str) -> &'static str {
    match (cause, is_chinese(locale)) {
        (Cause::Idle, false) => "nobody followed it up",
        (Cause::NoDeal, false) => "it came to no deal in time",
        (Cause::Idle, true) => "长期未跟进",
        (Cause::NoDeal, true) => "逾期未成交",
    }
}

/// The subject of the task that warns.
pub(crate) fn warning(name: &str, locale: &str) -> String {
    if is_chinese(locale) {
        format!("{name}：到期未跟进将收回公海")
    } else {
        format!("{name}: goes back to the pool unless followed up")
    }
}
