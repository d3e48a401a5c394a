//! A test of the product is a test on both databases.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use tenon_server::ServeConfig;
use tenon_tests::{Database, Setting, TestServer};
use tenon_value::DateTime;

/// Runs a test on a server of its own; does nothing where the database is not there, which is said.
pub(crate) async fn on(database: Database, plugins: Vec<PathBuf>, test: impl AsyncFnOnce(&TestServer, &Setting) -> anyhow::Result<()>) {
    let setting = Setting::read();
    on_as(database, |config| config.plugins = plugins, async |server| test(server, &setting).await).await;
}

/// The same on a server that is told more than its plugins.
pub(crate) async fn on_as(
    database: Database,
    configure: impl FnOnce(&mut ServeConfig),
    test: impl AsyncFnOnce(&TestServer) -> anyhow::Result<()>,
) {
    let Some(server) = TestServer::start_as(database, &Setting::read(), configure).await.unwrap() else { return };
    let result = test(&server).await;
    server.stop().await.unwrap();
    if let Err(error) = result {
        panic!("on {database:?}: {error:#}");
    }
}

/// Tests on both databases, each a test of its own name there, carried out by `$on(database, test)`.
macro_rules! on_both {
    ($on:path: $($test:path => $sqlite:ident, $postgres:ident;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $sqlite() {
            $on(tenon_tests::Database::Sqlite, $test).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $postgres() {
            $on(tenon_tests::Database::Postgres, $test).await;
        })+
    };
}
pub(crate) use on_both;

/// A clock for one server, ahead of the machine's by as much as its test says.
pub(crate) struct Clock {
    /// What the server reads: a plain function, therefore one for each place.
    pub(crate) read: fn() -> DateTime,
    ahead: &'static AtomicI64,
}

/// How many clocks the tests of this binary take, together.
const CLOCKS: usize = 16;
static AHEAD: [AtomicI64; CLOCKS] = [const { AtomicI64::new(0) }; CLOCKS];
static TAKEN: AtomicUsize = AtomicUsize::new(0);

impl Clock {
    pub(crate) fn take() -> Self {
        let readers: [fn() -> DateTime; CLOCKS] = [
            read::<0>, read::<1>, read::<2>, read::<3>, read::<4>, read::<5>, read::<6>, read::<7>, read::<8>, read::<9>, read::<10>,
            read::<11>, read::<12>, read::<13>, read::<14>, read::<15>,
        ];
        let at = TAKEN.fetch_add(1, Ordering::Relaxed);
        Self { read: readers[at], ahead: &AHEAD[at] }
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.ahead.fetch_add(millis, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "a clock of the test's own, over the machine's")]
fn read<const AT: usize>() -> DateTime {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    DateTime::from_millis(i64::try_from(now.as_millis()).unwrap_or_default() + AHEAD[AT].load(Ordering::Relaxed))
}
