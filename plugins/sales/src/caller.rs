//! Who asks.

use tenon_sdk::prelude::*;

use crate::words::Word;

/// Whoever called.
pub(crate) struct Caller {
    /// The record of the user; of a key its own id.
    pub(crate) id: String,
    /// One of the staff, who can have leads.
    pub(crate) is_person: bool,
    locale: String,
}

impl Caller {
    /// Asks the host.
    pub(crate) fn ask() -> Result<Self, Error> {
        let data = records::query("{ me { id kind locale } }", "")?;
        let text = |path: &str| data.at(path).text().unwrap_or_default().to_owned();
        Ok(Self { id: text("me.id"), is_person: text("me.kind") == "USER", locale: text("me.locale") })
    }

    /// A refusal in the caller's language.
    pub(crate) fn refuse<T>(&self, word: &Word) -> Result<T, Error> {
        Err(self.refusal(word).into())
    }

    /// The same where it is only made.
    pub(crate) fn refusal(&self, word: &Word) -> Refusal {
        word.refusal(&self.locale)
    }

    /// The language he is answered in.
    pub(crate) fn locale(&self) -> &str {
        &self.locale
    }

    /// Whether he sees a lead. Who may see none at all is not told why.
    pub(crate) fn sees(lead: &str) -> bool {
        matches!(records::get("lead", lead), Ok(Some(_)))
    }

    /// Whether he is an admin of a pool: who may change it is one.
    pub(crate) fn is_admin(pool: &str) -> bool {
        let variables = Json::object([("pool", pool.into())]).to_string();
        let asked = records::query("query($pool: ID!) { salesPool(id: $pool) { can { update } } }", &variables);
        asked.is_ok_and(|data| data.at("salesPool.can.update").boolean() == Some(true))
    }
}
