//! The settings of your package, as an administrator of the tenant has set them: `settings` in `package.yaml`.
//!
//! Natively [`testing::set_setting`](crate::testing::set_setting) says what is set.

use crate::{Json, Problem};

/// A setting: what was set in this tenant, else its default; [`Json::Null`] where there is neither. Counts as a query.
///
/// ```
/// use tenon_sdk::{Json, config, testing};
/// testing::set_setting("currency", "CNY".into());
/// assert_eq!(config::get("currency").unwrap().text(), Some("CNY"));
/// assert_eq!(config::get("nothing").unwrap(), Json::Null);
/// ```
///
/// # Errors
/// A name that `package.yaml` does not have (`NOT_FOUND`); natively every name is known.
pub fn get(name: &str) -> Result<Json, Problem> {
    #[cfg(target_arch = "wasm32")]
    {
        let set = crate::bindings::tenon::plugin::config::get(name).map_err(crate::wire::problem)?;
        Ok(set.map_or(Json::Null, |text| text.parse().expect("the host writes JSON")))
    }
    #[cfg(not(target_arch = "wasm32"))]
    Ok(crate::testing::outward::setting(name))
}
