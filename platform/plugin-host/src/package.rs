//! A plugin as it is handed in: its component, and what that says of itself.

use std::path::Path;

use tenon_hooks::{EndpointOffer, FunctionOffer, Grant, JobOffer, LifeMoment, Operation, Outward, Phase};

use crate::limits::Size;
use crate::section::Form;
use crate::{COMPONENT_BYTES_MAX, LoadError, describe, section, title};

/// The component's file in a package's folder.
const COMPONENT_FILE: &str = "plugin.wasm";

/// What becomes of a save whose plugin broke. A refusal is never skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFault {
    /// It fails, too.
    #[default]
    Refuse,
    /// It goes on as if the plugin had not been asked.
    Skip,
}

impl OnFault {
    /// The fate of a word: `refuse`, `skip`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "refuse" => Some(Self::Refuse),
            "skip" => Some(Self::Skip),
            _ => None,
        }
    }
}

/// Where a plugin wants to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// API name of the object.
    pub object: String,
    /// At which moment.
    pub phase: Phase,
    /// For which operations; never empty once loaded.
    pub operations: Vec<Operation>,
    /// What becomes of a save where it breaks.
    pub on_fault: OnFault,
}

/// A plugin as it is handed in. Nothing of it has been checked but its description.
#[derive(Clone, Debug)]
pub struct PluginPackage {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The component.
    pub component: Vec<u8>,
    /// Where it wants to be asked.
    pub subscriptions: Vec<Subscription>,
    /// Fields it computes.
    pub computed: Vec<Computed>,
    /// What people may call.
    pub actions: Vec<FunctionOffer>,
    /// What people may ask.
    pub queries: Vec<FunctionOffer>,
    /// What it may leave for later.
    pub jobs: Vec<JobOffer>,
    /// What may be called from outside.
    pub endpoints: Vec<EndpointOffer>,
    /// The moments of its package's life that it is called at.
    pub lifecycle: Vec<LifeMoment>,
    /// Plugins with a lower number are asked first; equal ones in the order of their installs.
    pub priority: i32,
    /// Which engine it needs.
    pub size: Size,
    /// What it may ask of records, beside the caller's rights.
    pub grant: Grant,
    /// It may act as itself, within that grant and without its caller's rights.
    pub acting: bool,
    /// What it may reach beside records; nothing where an operator offers it to everybody.
    pub outward: Outward,
}

/// A field that a plugin computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// API name of the object.
    pub object: String,
    /// API name of the field.
    pub field: String,
    /// API names of the fields and relations it is made of.
    pub from: Vec<String>,
}

impl PluginPackage {
    /// The plugin a component describes itself as (the SDK's `export!` has written that into it).
    ///
    /// # Errors
    /// Where the bytes are too many, no component, or do not say what they are.
    pub fn from_component(component: &[u8]) -> Result<Self, LoadError> {
        if component.len() > COMPONENT_BYTES_MAX {
            return Err(LoadError::TooLarge(component.len()));
        }
        match section::form(component) {
            Form::Component => {}
            Form::CoreModule => return Err(LoadError::NotAComponent("it is a core module, wrap it with wit-component".to_owned())),
            Form::Unknown => return Err(LoadError::NotAComponent("it does not begin like one".to_owned())),
        }
        let described = section::find(component).ok_or_else(|| {
            LoadError::Undescribed(format!("it needs one section `{}`, which `tenon_sdk::export!` writes", section::NAME))
        })?;
        let describe::Description { name, version, size, subscriptions, computed, actions, queries, jobs, endpoints, lifecycle } =
            describe::read(described)?;
        Ok(Self {
            name,
            version,
            component: component.to_vec(),
            subscriptions,
            computed,
            actions,
            queries,
            jobs,
            endpoints,
            lifecycle,
            priority: 0,
            size,
            grant: Grant::Caller,
            acting: false,
            outward: Outward::default(),
        })
    }

    /// The plugin of a component's file, as an operator offers it to every tenant: granted what its callers may, and to act as
    /// itself.
    ///
    /// # Errors
    /// Where the file cannot be read, and as [`from_component`](Self::from_component).
    pub fn from_file(file: &Path) -> Result<Self, LoadError> {
        let failed = |error: std::io::Error| LoadError::File { file: file.display().to_string(), reason: error.to_string() };
        let size = std::fs::metadata(file).map_err(failed)?.len();
        match usize::try_from(size) {
            Ok(size) if size <= COMPONENT_BYTES_MAX => {
                let plugin = Self::from_component(&std::fs::read(file).map_err(failed)?)?;
                Ok(Self { acting: true, ..plugin })
            }
            size => Err(LoadError::TooLarge(size.unwrap_or(usize::MAX))),
        }
    }

    /// The plugin of a package's folder: its `plugin.wasm`.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    pub fn from_dir(folder: &Path) -> Result<Self, LoadError> {
        Self::from_file(&folder.join(COMPONENT_FILE))
    }

    /// `name@version`, as faults and logs name it.
    #[must_use]
    pub fn title(&self) -> String {
        title::of(&self.name, &self.version)
    }
}
