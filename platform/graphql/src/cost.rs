//! What a document cost, as `extensions.cost` tells it (API.md §1.7), and the former names it uses (§3).

use std::sync::Arc;
use std::time::Instant;

use tenon_store::Meter;
use tenon_value::{Json, JsonMap};

use crate::limits;
use crate::prepare::{FormerUse, Measured};

/// What is said of a document beside its answer.
#[derive(Clone, Default)]
pub(crate) struct Cost {
    pub(crate) measured: Measured,
    /// Fields that were answered.
    pub(crate) actual: u64,
    /// For `Tenon-Cost: full`.
    pub(crate) full: Option<Arc<FullCost>>,
    /// What it asks of the database, where somebody wants to know.
    pub(crate) meter: Option<Arc<Meter>>,
    /// Fields answered below each root field, in their order.
    pub(crate) of_roots: Vec<u64>,
    /// What stands behind the answer, where the caller may know it and wants to.
    pub(crate) behind: Option<Json>,
    /// Former names that the document and its variables use.
    pub(crate) former: Vec<FormerUse>,
}

/// What is known of a request whose caller wants to know all of its cost.
pub(crate) struct FullCost {
    pub(crate) started: Instant,
    /// The document was known.
    pub(crate) is_hit: bool,
    /// Whether rows and statements are told: by how many there are others could find out what they do not see.
    pub(crate) tells_work: bool,
    /// Root fields by response key, with what each may cost.
    pub(crate) roots: Vec<(String, u64)>,
}

impl Cost {
    pub(crate) fn to_json(&self) -> Json {
        let requested = self.measured.cost;
        let mut said = JsonMap::new();
        said.insert("requested".to_owned(), Json::from(requested));
        said.insert("actual".to_owned(), Json::from(self.actual));
        said.insert("available".to_owned(), Json::from(limits::COST.saturating_sub(requested)));
        if let Some(full) = &self.full {
            said.insert("max".to_owned(), Json::from(limits::COST));
            // The budget is of one document: whoever sends the next has all of it again.
            said.insert("restorePerSecond".to_owned(), Json::from(limits::COST));
            said.insert("depth".to_owned(), Json::from(self.measured.depth));
            if let Some(meter) = self.meter.as_ref().filter(|_| full.tells_work) {
                said.insert("rows".to_owned(), Json::from(meter.rows()));
                said.insert("sqlStatements".to_owned(), Json::from(meter.statements()));
            }
            said.insert("ms".to_owned(), Json::from(u64::try_from(full.started.elapsed().as_millis()).unwrap_or(u64::MAX)));
            said.insert("planCache".to_owned(), Json::from(if full.is_hit { "hit" } else { "miss" }));
            said.insert("roots".to_owned(), self.roots(full));
        }
        Json::Object(said)
    }

    /// `extensions.deprecations`; none where no former name is used.
    pub(crate) fn deprecations(&self) -> Option<Json> {
        let of = |used: &FormerUse| {
            Json::Object(JsonMap::from_iter([
                ("coordinate".to_owned(), Json::from(used.coordinate.as_str())),
                ("until".to_owned(), Json::from(used.until.to_string())),
            ]))
        };
        (!self.former.is_empty()).then(|| self.former.iter().map(of).collect())
    }

    fn roots(&self, full: &FullCost) -> Json {
        let of = |(at, (key, requested)): (usize, &(String, u64))| {
            let actual = self.of_roots.get(at).copied().unwrap_or_default();
            Json::Object(JsonMap::from_iter([
                ("path".to_owned(), Json::Array(vec![Json::from(key.as_str())])),
                ("requested".to_owned(), Json::from(*requested)),
                ("actual".to_owned(), Json::from(actual)),
            ]))
        };
        full.roots.iter().enumerate().map(of).collect()
    }
}
