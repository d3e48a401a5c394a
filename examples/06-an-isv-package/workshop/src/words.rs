//! What people read where something is refused, in their language, and the words by which programs know it.

use tenon_sdk::prelude::*;

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The machine is not there, or not to be seen.
    NoMachine,
    /// The machine is scrapped.
    Scrapped,
    /// There is a visit already, on this day.
    AlreadyPlanned(String),
    /// A visit that is done says how long it took.
    LabourMissing,
}

impl Word {
    /// The stable word.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::NoMachine => "NO_MACHINE",
            Self::Scrapped => "SCRAPPED",
            Self::AlreadyPlanned(_) => "ALREADY_PLANNED",
            Self::LabourMissing => "LABOUR_MISSING",
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NoMachine => "there is no such machine".to_owned(),
            Self::Scrapped => "the machine is scrapped, nobody services it any more".to_owned(),
            Self::AlreadyPlanned(day) => format!("a visit is planned already, for {day}"),
            Self::LabourMissing => "say how long the visit took".to_owned(),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::NoMachine => "设备不存在".to_owned(),
            Self::Scrapped => "该设备已报废，不再安排服务".to_owned(),
            Self::AlreadyPlanned(day) => format!("该设备已安排 {day} 上门服务"),
            Self::LabourMissing => "请填写本次服务的工时".to_owned(),
        }
    }

    /// The refusal in a language.
    #[must_use]
    pub fn refusal_in(&self, locale: &str) -> Refusal {
        let message = if locale.starts_with("zh") { self.chinese() } else { self.english() };
        Refusal::new(message).rule(self.rule())
    }

    /// The refusal in the language of whoever asks.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        self.refusal_in(&locale())
    }
}

/// The language of whoever asks. It is a query, so it is asked where somebody is refused, and once.
pub(crate) fn locale() -> String {
    let asked = records::query("{ me { locale } }", "");
    asked.as_ref().ok().and_then(|data| data.at("me.locale").text()).unwrap_or("en").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_said_in_both_languages() {
        for word in [Word::NoMachine, Word::Scrapped, Word::AlreadyPlanned("2026-07-01".to_owned()), Word::LabourMissing] {
            let (english, chinese) = (word.refusal_in("en"), word.refusal_in("zh"));
            assert_eq!(english.rule, chinese.rule);
            assert!(english.message.is_ascii() && !chinese.message.is_ascii(), "{english:?} {chinese:?}");
        }
    }

    #[test]
    fn a_day_is_named_in_either() {
        let planned = Word::AlreadyPlanned("2026-07-01".to_owned());
        assert_eq!(planned.refusal_in("en").message, "a visit is planned already, for 2026-07-01");
        assert_eq!(planned.refusal_in("zh-Hans").message, "该设备已安排 2026-07-01 上门服务");
    }
}
