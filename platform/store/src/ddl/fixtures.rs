//! The tables every tenant has, whatever its model says.

use tenon_model::ColumnType::{self, Bool, DateTime, Id, Int, Json, Text};

use super::{Index, Rows, column, index, quoted};
use crate::Dialect;
use crate::lower::columns::Physical;

/// A table: columns with whether they are required, the primary key, further indexes.
struct Fixture {
    name: &'static str,
    columns: &'static [(&'static str, ColumnType, bool)],
    key: &'static [&'static str],
    /// Columns and whether they are unique.
    indexes: &'static [(&'static [&'static str], bool)],
}

/// A number given by the database: `outbox` and `journal` are read in its order.
const SEQ: &str = "seq";

/// On PostgreSQL each row of the outbox knows its transaction, so that what is committed is found without waiting.
const OUTBOX: &str = "outbox";
const XID: &str = "\"xid\" xid8 not null default pg_current_xact_id()";

const FIXTURES: &[Fixture] = &[
    Fixture {
        name: "model",
        columns: &[("id", Int, true), ("version", Int, true), ("settings", Json, true), ("next_physical", Int, true)],
        key: &["id"],
        indexes: &[],
    },
    Fixture { name: "layer", columns: &[("package", Text, true), ("position", Int, true)], key: &["package"], indexes: &[] },
    Fixture {
        name: "element",
        columns: &[
            ("package", Text, true),
            ("path", Text, true),
            ("id", Id, true),
            ("properties", Json, true),
            ("retired", Bool, true),
            ("position", Int, true),
        ],
        key: &["package", "path"],
        indexes: &[],
    },
    Fixture { name: "physical", columns: &[("element", Id, true), ("name", Text, true)], key: &["element"], indexes: &[] },
    Fixture { name: "journal", columns: &[(SEQ, Int, true), ("at", DateTime, true), ("entry", Json, true)], key: &[SEQ], indexes: &[] },
    Fixture {
        name: "history",
        columns: &[
            ("object", Text, true),
            ("record", Id, true),
            ("version", Int, true),
            ("at", DateTime, true),
            ("clock", DateTime, true),
            ("by_kind", Text, true),
            ("by_id", Id, true),
            ("by_display", Text, true),
            ("via", Text, true),
            ("request", Text, true),
            ("reason", Text, false),
            ("changes", Json, true),
        ],
        key: &["object", "record", "version"],
        indexes: &[],
    },
    Fixture { name: OUTBOX, columns: &[(SEQ, Int, true), ("at", DateTime, true), ("payload", Json, true)], key: &[SEQ], indexes: &[] },
    Fixture {
        name: "audit_batch",
        columns: &[
            ("number", Int, true),
            ("before", Text, true),
            ("hash", Text, true),
            ("first", Int, true),
            ("last", Int, true),
            ("sealed_at", DateTime, true),
            ("cursor", Text, true),
        ],
        key: &["number"],
        indexes: &[],
    },
    Fixture {
        name: "audit",
        columns: &[
            ("number", Int, true),
            ("batch", Int, true),
            ("kind", Text, false),
            ("at", DateTime, false),
            ("clock", DateTime, false),
            ("by_kind", Text, false),
            ("by_id", Id, false),
            ("object", Text, false),
            ("record", Id, false),
            ("payload", Json, false),
            ("detail", Json, false),
            ("salt", Text, false),
            ("salts", Json, true),
            ("digest", Text, true),
        ],
        key: &["number"],
        indexes: &[(&["record", "number"], false), (&["by_id", "number"], false), (&["kind", "number"], false)],
    },
    Fixture {
        name: "idempotency",
        columns: &[
            ("principal", Text, true),
            ("key", Text, true),
            ("body_hash", Text, true),
            ("response", Text, true),
            ("at", DateTime, true),
        ],
        key: &["principal", "key"],
        indexes: &[(&["at"], false)],
    },
    Fixture {
        name: "external_id",
        columns: &[("object", Text, true), ("system", Text, true), ("key", Text, true), ("record", Id, true)],
        key: &["object", "system", "key"],
        indexes: &[(&["object", "record", "system"], true)],
    },
    Fixture {
        name: "counter",
        columns: &[("field", Id, true), ("period", Text, true), ("next", Int, true)],
        key: &["field", "period"],
        indexes: &[],
    },
    Fixture {
        name: "api_key",
        columns: &[
            ("id", Id, true),
            ("kind", Text, true),
            ("display", Text, true),
            ("hash", Text, true),
            ("roles", Json, true),
            ("expires_at", DateTime, false),
            ("created_at", DateTime, true),
            ("revoked_at", DateTime, false),
        ],
        key: &["id"],
        indexes: &[(&["hash"], true)],
    },
    Fixture {
        name: "member",
        columns: &[
            ("user", Id, true),
            ("kind", Text, true),
            ("login", Text, true),
            ("email", Text, false),
            ("password", Text, false),
            ("roles", Json, true),
            ("state", Text, true),
            ("account", Id, false),
            ("contact", Id, false),
            ("partner", Id, false),
            ("totp", Text, false),
            ("totp_state", Text, false),
            ("totp_step", Int, true),
            ("recovery", Json, true),
            ("created_at", DateTime, true),
            ("last_sign_in_at", DateTime, false),
        ],
        key: &["user"],
        indexes: &[(&["login"], true)],
    },
    Fixture {
        name: "session",
        columns: &[
            ("id", Id, true),
            ("member", Id, true),
            ("hash", Text, true),
            ("created_at", DateTime, true),
            ("seen_at", DateTime, true),
            ("expires_at", DateTime, true),
            ("user_agent", Text, true),
            ("address", Text, true),
        ],
        key: &["id"],
        indexes: &[(&["hash"], true), (&["member"], false), (&["expires_at"], false)],
    },
    Fixture {
        name: "ticket",
        columns: &[
            ("hash", Text, true),
            ("member", Id, true),
            ("purpose", Text, true),
            ("created_at", DateTime, true),
            ("expires_at", DateTime, true),
            ("used_at", DateTime, false),
        ],
        key: &["hash"],
        indexes: &[(&["member"], false), (&["expires_at"], false)],
    },
    Fixture { name: "law", columns: &[("id", Int, true), ("epoch", Int, true)], key: &["id"], indexes: &[] },
    Fixture {
        name: "share",
        columns: &[
            ("object", Id, true),
            ("record", Id, true),
            ("with_id", Id, true),
            ("with_kind", Text, true),
            ("can_update", Bool, true),
            ("can_delete", Bool, true),
            ("can_share", Bool, true),
            ("until", DateTime, false),
            ("by_id", Id, true),
            ("at", DateTime, true),
        ],
        key: &["object", "record", "with_id"],
        indexes: &[(&["with_id", "object"], false)],
    },
    Fixture {
        name: "oidc_provider",
        columns: &[
            ("name", Text, true),
            ("settings", Json, true),
            ("secret", Text, false),
            ("created_at", DateTime, true),
            ("changed_at", DateTime, true),
        ],
        key: &["name"],
        indexes: &[],
    },
    Fixture {
        name: "oidc_used",
        columns: &[("state", Text, true), ("expires_at", DateTime, true)],
        key: &["state"],
        indexes: &[(&["expires_at"], false)],
    },
    Fixture {
        name: "external_identity",
        columns: &[("provider", Text, true), ("subject", Text, true), ("member", Id, true), ("created_at", DateTime, true)],
        key: &["provider", "subject"],
        indexes: &[(&["member"], false)],
    },
    Fixture {
        name: "scim",
        columns: &[
            ("id", Id, true),
            ("kind", Text, true),
            ("name", Text, true),
            ("external_id", Text, false),
            ("body", Json, true),
            ("created_at", DateTime, true),
            ("changed_at", DateTime, true),
        ],
        key: &["id"],
        indexes: &[(&["kind", "name"], true), (&["kind", "external_id"], false)],
    },
    Fixture {
        name: "scim_member",
        columns: &[("group", Id, true), ("member", Id, true)],
        key: &["group", "member"],
        indexes: &[(&["member"], false)],
    },
    Fixture {
        name: "actor",
        columns: &[("kind", Text, true), ("id", Id, true), ("display", Text, true)],
        key: &["kind", "id"],
        indexes: &[],
    },
];

/// Names of the tables every tenant has.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FIXTURES.iter().map(|fixture| fixture.name)
}

/// The statements that make a tenant's home.
pub(crate) fn statements(dialect: Dialect, schema: &str) -> Vec<String> {
    let mut statements = Vec::new();
    if dialect == Dialect::Postgres {
        statements.push(format!("create schema \"{schema}\""));
    }
    for fixture in FIXTURES {
        let serial = fixture.key == [SEQ];
        let mut columns: Vec<String> = fixture
            .columns
            .iter()
            .map(|(name, kind, required)| match (serial && *name == SEQ, dialect) {
                (true, Dialect::Postgres) => format!("\"{name}\" bigint generated always as identity"),
                (true, Dialect::Sqlite) => format!("\"{name}\" integer primary key autoincrement"),
                (false, _) => column(&Physical::new(name, *kind, *required), dialect),
            })
            .collect();
        let knows_transaction = fixture.name == OUTBOX && dialect == Dialect::Postgres;
        if knows_transaction {
            columns.push(XID.to_owned());
        }
        if !(serial && dialect == Dialect::Sqlite) {
            columns.push(format!("primary key ({})", quoted(fixture.key.iter().copied())));
        }
        statements.push(format!("create table \"{schema}\".\"{}\" ({})", fixture.name, columns.join(", ")));
        if knows_transaction {
            statements.push(format!("create index \"outbox_xid\" on \"{schema}\".\"{OUTBOX}\" (\"xid\")"));
        }
        for (place, (over, unique)) in fixture.indexes.iter().enumerate() {
            let name = format!("{}_{place}", fixture.name);
            let columns = over.iter().map(|column| (*column).to_owned()).collect();
            statements.push(index(
                dialect,
                schema,
                &Index {
                    name: name.into(),
                    table: fixture.name,
                    columns,
                    unique: *unique,
                    carried: Vec::new(),
                    rows: Rows::All,
                    newest_first: false,
                },
            ));
        }
    }
    statements
}
