//! The golden matrix: what each shipped role may do with each base object, and with which of its fields.
//!
//! Made from the files of `metadata/crm` by the same `Policy` that guards every statement, and read in review:
//! `UPDATE=1` rewrites `tests/golden/access-matrix.md`. Of whoever asks everything is known, so that every rule resolves.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tenon_access::{By, Policy, Reason, Rows, Subject, explain};
use tenon_compiler::{SourceFile, assemble, read};
use tenon_context::{ActorKind, Principal, Standing};
use tenon_model::{Fact, FieldRight, Model, ModelVersion, Object, Physical, Role, Settings, Special, Verb};
use tenon_query::Action;
use tenon_value::{Name, TenantId, Uuid, Value};

const HEAD: &str = "# Who may do what

Every base object × verb × shipped role, made from `metadata/crm` by the policy itself: `UPDATE=1 cargo test -p tenon-tests --test all access_matrix` rewrites it.
`administrator` is built in and may everything. A role stands here with what its parents give it.

✔ every record · ◐ the records of the rules named below the table, and single ones shared with the person · ✘ never.
`create` names the rule that a new record must satisfy, `update` the one by which records are chosen; *then* is what a changed record must satisfy where that is another rule.

Fields: `w` written, `r` read, `m` shown masked, `·` not there. What every record has (`id`, `version`, when and by whom) is read with it.
";

/// The base package as a model.
fn base() -> Model {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metadata/crm");
    let mut open = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let relative = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                files.push(SourceFile::new(relative, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let layer = read(&Name::known("crm"), &files).layer;
    let assembled = assemble(TenantId(Uuid::nil()), ModelVersion(1), &Settings::default(), &[layer], &Physical::default());
    assert_eq!(assembled.diagnostics, []);
    assembled.model.unwrap()
}

/// Somebody who holds one role, and of whom everything is known.
fn holder(model: &Model, role: &Role) -> Principal {
    let kind = if role.portal { ActorKind::PortalUser } else { ActorKind::User };
    let somebody = Uuid::from_u128(1);
    let known = model.facts.iter().map(|fact| match fact {
        Fact::Me | Fact::Reference(_) => (*fact, Value::Id(somebody)),
        _ => (*fact, Value::List(vec![Value::Id(somebody)])),
    });
    let standing: Standing = known.collect();
    Principal { roles: vec![role.name.to_string()], standing: Arc::new(standing), ..Principal::new(kind, somebody, "holder".to_owned()) }
}

/// Staff first, then people outside.
fn roles(model: &Model) -> Vec<&Role> {
    let (portal, staff): (Vec<&Role>, Vec<&Role>) = model.roles.iter().partition(|role| role.portal);
    staff.into_iter().chain(portal).collect()
}

/// Rules below a table, by number.
#[derive(Default)]
struct Notes {
    numbers: BTreeMap<String, usize>,
    order: Vec<String>,
}

impl Notes {
    fn number(&mut self, rule: String) -> usize {
        *self.numbers.entry(rule.clone()).or_insert_with(|| {
            self.order.push(rule);
            self.order.len()
        })
    }

    fn of(&mut self, reasons: &[&Reason]) -> String {
        let mut numbers: Vec<usize> = Vec::new();
        for reason in reasons {
            let Some(rule) = &reason.rule else { continue };
            let number = match &reason.by {
                By::Sharing(name) => self.number(format!("`{}` (sharing rule `{name}`)", rule.source)),
                _ => self.number(format!("`{}`", rule.source)),
            };
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

fn cell(policy: &Policy, object: &Object, verb: Verb, reasons: &[Reason], notes: &mut Notes) -> String {
    let given: Vec<&Reason> = reasons.iter().filter(|reason| reason.right == Subject::Verb(verb) && reason.gives()).collect();
    let rows = match (verb, policy.rows_of(object.ix, verb)) {
        (Verb::Create, Rows::All) => policy.check_rows(object.ix, Action::Create).map_or(Rows::All, Rows::Some),
        (_, rows) => rows,
    };
    assert_eq!(given.is_empty(), rows.is_none(), "{} {} is explained as it is", object.name, verb.word());
    match rows {
        Rows::None => "✘".to_owned(),
        Rows::All => "✔".to_owned(),
        Rows::Some(_) => format!("◐ {}", notes.of(&given)).trim_end().to_owned(),
    }
}

/// What a changed record must satisfy, where a grant says so itself.
fn then(model: &Model, object: &Object, role: &Role, notes: &mut Notes) -> String {
    let mut held = Vec::new();
    let mut next = Some(role);
    while let Some(role) = next {
        held.push(role.ix);
        next = role.parent.and_then(|parent| model.role(parent));
    }
    let grants = object.access.iter().filter(|grant| held.contains(&grant.role) && grant.can.contains(&Verb::Update));
    let numbers: Vec<String> =
        grants.filter_map(|grant| grant.rows.check.as_ref()).map(|rule| notes.number(format!("`{}`", rule.source)).to_string()).collect();
    numbers.join(" ")
}

fn row(text: &mut String, first: &str, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().collect();
    writeln!(text, "| {first} | {} |", cells.join(" | ")).expect("text takes all that is written");
}

fn header(text: &mut String, first: &str, roles: &[&Role]) {
    row(text, first, roles.iter().map(|role| role.name.to_string()));
    row(text, "---", roles.iter().map(|_| "---".to_owned()));
}

fn verbs(text: &mut String, model: &Model, object: &Object, roles: &[&Role]) {
    let policies: Vec<(Policy, Vec<Reason>)> = roles
        .iter()
        .map(|role| {
            let holder = holder(model, role);
            (Policy::resolve(model, &holder), explain(model, &holder, object.ix))
        })
        .collect();
    let mut notes = Notes::default();
    header(text, "", roles);
    for verb in Verb::ALL {
        row(text, verb.word(), policies.iter().map(|(policy, reasons)| cell(policy, object, verb, reasons, &mut notes)));
        if verb == Verb::Update {
            let after: Vec<String> = roles.iter().map(|role| then(model, object, role, &mut notes)).collect();
            if after.iter().any(|cell| !cell.is_empty()) {
                row(text, "*then*", after);
            }
        }
    }
    text.push('\n');
    for (at, rule) in notes.order.iter().enumerate() {
        writeln!(text, "{}. {rule}", at + 1).expect("text takes all that is written");
    }
    if !notes.order.is_empty() {
        text.push('\n');
    }
}

const fn letter(right: FieldRight) -> &'static str {
    match right {
        FieldRight::None => "·",
        FieldRight::Mask => "m",
        FieldRight::Read => "r",
        FieldRight::Write => "w",
    }
}

/// Fields and relations that are not plain: some role that reads the object may not write them, or not even see them.
fn fields(text: &mut String, model: &Model, object: &Object, roles: &[&Role]) {
    let readers: Vec<(&Role, Policy)> = roles
        .iter()
        .map(|role| (*role, Policy::resolve(model, &holder(model, role))))
        .filter(|(_, policy)| policy.may(object.ix, Action::Read))
        .collect();
    if readers.is_empty() {
        return;
    }
    let mut rights: Vec<(String, Vec<FieldRight>)> = Vec::new();
    for field in object.active_fields().filter(|field| !field.system) {
        rights.push((field.name.to_string(), readers.iter().map(|(_, policy)| policy.field_right(object.ix, field.ix)).collect()));
    }
    for relation in object.active_relations().filter(|relation| !relation.system || relation.ix == tenon_model::system::OWNER) {
        rights.push((relation.name.to_string(), readers.iter().map(|(_, policy)| policy.relation_right(object.ix, relation.ix)).collect()));
    }
    let names: Vec<&Role> = readers.iter().map(|(role, _)| *role).collect();
    header(text, "field", &names);
    for (name, rights) in rights.iter().filter(|(_, rights)| rights.iter().any(|right| *right != FieldRight::Write)) {
        row(text, name, rights.iter().map(|right| letter(*right).to_owned()));
    }
    let plain: Vec<&str> =
        rights.iter().filter(|(_, rights)| rights.iter().all(|right| *right == FieldRight::Write)).map(|(name, _)| name.as_str()).collect();
    if !plain.is_empty() {
        writeln!(text, "\nWritten by all of these: {}.", plain.join(", ")).expect("text takes all that is written");
    }
    text.push('\n');
}

fn specials(text: &mut String, model: &Model, roles: &[&Role]) {
    header(text, "special right", roles);
    let policies: Vec<Policy> = roles.iter().map(|role| Policy::resolve(model, &holder(model, role))).collect();
    for special in Special::ALL {
        let mark = |policy: &Policy| if policy.may_special(special) { "✔" } else { "✘" }.to_owned();
        row(text, special.word(), policies.iter().map(mark));
    }
    text.push('\n');
}

fn matrix(model: &Model) -> String {
    let roles = roles(model);
    let mut text = format!("{HEAD}\n");
    specials(&mut text, model, &roles);
    let mut objects: Vec<&Object> = model.active_objects().collect();
    objects.sort_by(|left, right| left.name.cmp(&right.name));
    for object in objects {
        writeln!(text, "## {}\n", object.name).expect("text takes all that is written");
        verbs(&mut text, model, object, &roles);
        fields(&mut text, model, object, &roles);
    }
    format!("{}\n", text.trim_end())
}

#[test]
fn the_rights_of_the_shipped_roles_are_those_that_were_reviewed() {
    let golden: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/access-matrix.md");
    let made = matrix(&base());
    #[expect(clippy::disallowed_methods, reason = "the switch for rewriting is the developer's, not configuration")]
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(&golden, &made).unwrap();
    }
    let reviewed = std::fs::read_to_string(&golden).unwrap_or_default();
    let differs = made.lines().zip(reviewed.lines()).find(|(made, reviewed)| made != reviewed);
    assert!(made == reviewed, "the matrix has changed: {differs:?}; `UPDATE=1` rewrites it");
}

#[test]
fn every_base_object_is_read_by_somebody_and_written_freely_by_nobody() {
    let model = base();
    for object in model.active_objects() {
        let policies: Vec<(&Role, Policy)> =
            model.roles.iter().map(|role| (role, Policy::resolve(&model, &holder(&model, role)))).collect();
        assert!(policies.iter().any(|(_, policy)| policy.may(object.ix, Action::Read)), "nobody reads `{}`", object.name);
        for (role, policy) in &policies {
            assert!(!policy.may(object.ix, Action::Destroy), "`{}` destroys `{}`", role.name, object.name);
            assert!(!role.portal || policy.rows_of(object.ix, Verb::Update) != Rows::All, "`{}` changes any `{}`", role.name, object.name);
        }
    }
}

#[test]
fn whoever_is_outside_sees_the_customers_of_his_own_partner_only() {
    let model = base();
    for role in model.roles.iter().filter(|role| role.portal) {
        let policy = Policy::resolve(&model, &holder(&model, role));
        for name in ["account", "contact", "opportunity", "opportunity_line", "partner", "activity", "user"] {
            let object = model.object_named(name).unwrap();
            assert!(matches!(policy.rows_of(object.ix, Verb::Read), Rows::Some(_)), "`{}` and `{name}`", role.name);
        }
        for name in ["lead", "campaign", "price_book", "price_book_entry", "team", "territory", "department", "exchange_rate"] {
            let object = model.object_named(name).unwrap();
            assert!(!policy.may(object.ix, Action::Read), "`{}` and `{name}`", role.name);
        }
    }
}
