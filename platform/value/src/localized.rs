//! Text in the languages of the product: labels, help, messages.

/// A language the product speaks. Others may appear in a tenant's labels; these two are complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Locale {
    /// All of them, in the order in which files name them.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// The code used in files and headers: `en`, `zh`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The locale a tag such as `zh-CN` or `en_US` begins with.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|locale| locale.code().eq_ignore_ascii_case(language))
    }
}

/// One text in several languages. Missing languages fall back to English, then to any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Localized {
    /// English.
    pub en: Option<String>,
    /// Simplified Chinese.
    pub zh: Option<String>,
}

impl Localized {
    /// The same text for both languages.
    #[must_use]
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: Some(en.into()), zh: Some(zh.into()) }
    }

    /// True where no language has a text.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.en.is_none() && self.zh.is_none()
    }

    /// The text in exactly this language.
    #[must_use]
    pub fn exact(&self, locale: Locale) -> Option<&str> {
        match locale {
            Locale::En => self.en.as_deref(),
            Locale::Zh => self.zh.as_deref(),
        }
    }

    /// The text in this language, else in another.
    #[must_use]
    pub fn get(&self, locale: Locale) -> Option<&str> {
        self.exact(locale).or(self.en.as_deref()).or(self.zh.as_deref())
    }

    /// `中文 / English`, as GraphQL descriptions show it.
    #[must_use]
    pub fn both(&self) -> Option<String> {
        match (&self.zh, &self.en) {
            (Some(zh), Some(en)) if zh != en => Some(format!("{zh} / {en}")),
            (Some(one), _) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }
}
