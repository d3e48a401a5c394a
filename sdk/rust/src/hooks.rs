//! What a plugin implements.

use crate::{Change, Error, Refusal};

/// A say in what happens to records. Implement what you subscribe to; the rest has a body that does nothing.
///
/// Each call has an instance and a memory of its own: nothing is remembered from one to the next.
///
/// ```
/// use tenon_sdk::prelude::*;
///
/// struct Tidy;
///
/// impl Hooks for Tidy {
///     fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
///         if let Some(trimmed) = change.text("name").map(|name| name.trim().to_owned()) {
///             change.set("name", trimmed);
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Hooks {
    /// Called before a record is saved, outside the transaction that saves it: once, or again where somebody else
    /// changed the record meanwhile. It may set fields of the change and refuse it; it cannot write or call out.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct Plugin;
    ///
    /// impl Hooks for Plugin {
    ///     fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
    ///         if change.becomes("stage", "lost") && change.is_empty("loss_reason") {
    ///             return Err(Refusal::on("loss_reason", "say why, so that we learn from it"));
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let mut change = tenon_sdk::testing::update("opportunity").before("stage", "proposal").after("stage", "lost").build();
    /// assert_eq!(Plugin.before_save(&mut change).unwrap_err().field.as_deref(), Some("loss_reason"));
    /// ```
    ///
    /// # Errors
    /// A refusal: the record is not saved, and users read why.
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        let _: &mut Change = change;
        Ok(())
    }

    /// Called with all records of one save, up to 200, of one object and one operation. Implement it instead of
    /// [`before_save`](Self::before_save) where records must be looked at together.
    ///
    /// ```
    /// use tenon_sdk::prelude::*;
    ///
    /// struct OneAtATime;
    ///
    /// impl Hooks for OneAtATime {
    ///     fn before_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
    ///         for change in changes.iter_mut().skip(1) {
    ///             change.refuse(Refusal::new("save key deals one at a time"));
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// A refusal of the whole save, or a failure that only operators read.
    fn before_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        for change in changes {
            if let Err(refusal) = self.before_save(change) {
                change.refuse(refusal);
            }
        }
        Ok(())
    }
}
