//! A host test: a file of a package's `tests/` that says what is done with the package installed, and what must come of it.
//!
//! `docs/api.md` has the format. Here it is read; who has a server plays it, in a tenant that is thrown away. Invariant: a file that
//! is read needs no second look: what it lacks or has too much of is refused here, by its path.

mod read;
#[cfg(test)]
mod tests;

use tenon_value::{DateTime, Json, JsonMap};

use crate::{Bundle, BundleError};

/// Host tests of a package (`host_tests`).
pub const HOST_TESTS_MAX: usize = 100;
/// Steps of a host test (`host_test_steps`).
pub const HOST_TEST_STEPS_MAX: usize = 200;
/// Bytes of a host test (`host_test_bytes`).
pub const HOST_TEST_BYTES_MAX: usize = 256 << 10;

/// One file: a tenant of its own, and steps in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTest {
    /// Its file: `tests/claim.yaml`.
    pub path: String,
    /// What it shows, in its author's words.
    pub name: String,
    /// Where the tenant's clock stands at first.
    pub time: DateTime,
    /// From what random numbers follow.
    pub seed: u64,
    /// Settings of the package.
    pub settings: JsonMap<String, Json>,
    /// Secrets of the package, by name.
    pub secrets: Vec<(String, String)>,
    /// What hosts outside answer.
    pub http: Vec<Fixture>,
    /// What is done.
    pub steps: Vec<TestStep>,
}

/// How a test went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostTestOutcome {
    /// Its file.
    pub path: String,
    /// What it shows.
    pub name: String,
    /// The step that went wrong, from 1; none: all went well, or what went wrong is no step's.
    pub step: Option<usize>,
    /// What went wrong; none: it passed.
    pub failure: Option<String>,
    /// Fuel of all that the package was asked.
    pub fuel: u64,
}

impl HostTestOutcome {
    /// As it is told to people and programs.
    #[must_use]
    pub fn json(&self) -> Json {
        serde_json::json!({ "path": self.path, "name": self.name, "step": self.step, "failure": self.failure, "fuel": self.fuel })
    }
}

/// What a host outside answers. Of several for one call each is given once, the last again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixture {
    /// The call: `POST billing /v1/deals`.
    pub call: CallPattern,
    /// The answer's status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

/// A call to a host outside as tests write it: method, the name of the grant, path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallPattern {
    /// `POST`.
    pub method: String,
    /// The host, by its name under `grants.http`.
    pub grant: String,
    /// The path, without a query.
    pub path: String,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct TestStep {
    /// The role of who does it; none: an administrator.
    pub role: Option<String>,
    /// What is done.
    pub act: StepAct,
    /// What must come of it, as far as it is written; none: no error.
    pub expect: Option<Json>,
    /// Values of the answer by JSON pointer, under names for the steps after it.
    pub keep: Vec<(String, String)>,
    /// The plugin needs less fuel than this for all that it is asked in the step.
    pub fuel_below: Option<u64>,
    /// Exactly the calls to hosts outside, in their order.
    pub calls: Option<Vec<CallPattern>>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepAct {
    /// A document of the data API.
    Graphql {
        /// The document.
        document: String,
        /// Its variables.
        variables: Json,
    },
    /// A request at one of the package's endpoints.
    Endpoint {
        /// `POST`.
        method: String,
        /// Path and query: `/orders?page=2`.
        path: String,
        /// Headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// The clock goes forward, and what becomes due on the way is done.
    Advance(DateTime),
}

impl Bundle {
    /// The host tests of a package, by path.
    ///
    /// # Errors
    /// `Test`, where a file is none.
    pub fn host_tests(&self) -> Result<Vec<HostTest>, BundleError> {
        let files = self.files().filter(|(path, _)| is_host_test(path));
        let tests = files.map(|(path, bytes)| read::test(path, bytes)).collect::<Result<Vec<_>, _>>()?;
        match tests.get(HOST_TESTS_MAX) {
            Some(first) => Err(wrong(&first.path, format!("a package has at most {HOST_TESTS_MAX} tests (`host_tests`)"))),
            None => Ok(tests),
        }
    }
}

/// Files of YAML in `tests/` itself; what lies deeper, or has another ending, is the author's own.
fn is_host_test(path: &str) -> bool {
    path.strip_prefix("tests/").and_then(|name| name.strip_suffix(".yaml")).is_some_and(|name| !name.contains('/'))
}

fn wrong(path: &str, reason: String) -> BundleError {
    BundleError::Test { path: path.to_owned(), reason }
}
