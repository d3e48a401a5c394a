//! What somebody wants changed: files as an author keeps them, or single changes as a designer makes them.

use tenon_compiler::SourceFile;
use tenon_model::ElementPath;
use tenon_value::{JsonMap, Locale};

/// A wish, not yet planned.
#[derive(Clone, Debug)]
pub enum Draft {
    /// The files of the tenant's layer, or some of them.
    Files {
        /// The files.
        files: Vec<SourceFile>,
        /// Whether what the files no longer have is to go.
        prune: bool,
    },
    /// Changes in order, each seeing those before it.
    Changes(Vec<Change>),
}

/// One change of one element. Properties are the keys of API.md §5.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new element.
    Create {
        /// Its path.
        path: ElementPath,
        /// Its properties.
        properties: JsonMap<String, tenon_value::Json>,
    },
    /// Some properties of an element; `null` takes one away.
    Update {
        /// Its path, by its present name.
        path: ElementPath,
        /// The properties that change.
        properties: JsonMap<String, tenon_value::Json>,
        /// Its new name.
        rename: Option<String>,
    },
    /// A whole view or layout, new or in place of the tenant's own.
    Put {
        /// Its path.
        path: ElementPath,
        /// Its properties.
        properties: JsonMap<String, tenon_value::Json>,
    },
    /// Out of use; kept for 30 days.
    Retire(ElementPath),
    /// Back in use.
    Restore(ElementPath),
    /// Away with what the tenant wrote over a package's element.
    Reset(ElementPath),
    /// Labels in one language: path (`opportunity.fields.stage.options.won`) and text.
    Labels {
        /// The language.
        locale: Locale,
        /// Paths and texts.
        labels: Vec<(String, String)>,
    },
}

impl Change {
    /// The path it names, if it names one.
    #[must_use]
    pub const fn path(&self) -> Option<&ElementPath> {
        match self {
            Self::Create { path, .. } | Self::Update { path, .. } | Self::Put { path, .. } => Some(path),
            Self::Retire(path) | Self::Restore(path) | Self::Reset(path) => Some(path),
            Self::Labels { .. } => None,
        }
    }
}
