//! How layers become one model: property by property, owners kept, renames remembered, retired things kept aside.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use tenon_compiler::{Assembled, SourceFile, assemble, read, unnamed};
use tenon_model::{
    EdgeKind, Expression, Fact, FieldKind, FieldRight, Layer, LinkEnd, Model, ModelVersion, OnDelete, Part, Physical, RelationShape,
    Settings, SortRule, Special, State, UniquePart, Verb, system,
};
use tenon_value::{ElementId, Name, TenantId, Uuid, Value};

fn layer(package: &str, files: &[(&str, &str)]) -> Layer {
    let files: Vec<SourceFile> = files.iter().map(|(path, text)| SourceFile::new(*path, format!("format: tenon/v1\n{text}"))).collect();
    let read = read(&Name::known(package), &files);
    assert_eq!(read.diagnostics, []);
    read.layer
}

fn assembled(layers: &[Layer]) -> Assembled {
    assemble(TenantId(Uuid::nil()), ModelVersion(7), &Settings::default(), layers, &Physical::default())
}

fn model(layers: &[Layer]) -> Model {
    let assembled = assembled(layers);
    assert_eq!(assembled.diagnostics, []);
    assembled.model.unwrap()
}

const USER: &str = "object: user\nlabel: { en: User }\nfields: { name: { type: text, label: { en: Name } } }\n";
const DEAL: &str = "object: deal
label: { en: Deal, zh: 商机 }
plural_label: { en: Deals }
fields:
  name: { type: text, required: true, max: 40, sort: zh, label: { en: Name, zh: 名称 } }
  number: { type: auto_number, format: \"D-{0000}\", label: { en: Number } }
  amount: { type: money, scale: 3, default: 5, label: { en: Amount } }
  stage: { type: choice, default: new, options: [new, { name: 5_star, closed: true }], label: { en: Stage } }
  site: { type: address, label: { en: Site } }
relations:
  user: { to: user, required: true, inverse: { name: deals }, label: { en: User } }
  parent: { to: deal, tree: true, inverse: { name: children }, label: { en: Parent } }
  people: { to: user, many: true, inverse: { name: all_deals }, label: { en: People }, link: { role: { type: text, label: { en: Role } } } }
  origin: { to: [deal, user], inverse: { name: caused }, label: { en: Origin } }
unique: { by_user_and_name: [user, name] }
";

fn base() -> Layer {
    layer("base", &[("user/object.yaml", USER), ("deal/object.yaml", DEAL)])
}

#[test]
fn a_later_layer_overrides_only_what_it_writes() {
    let tenant = "object: deal\nlabel: { zh: 生意 }\nfields:\n  name: { max: 60, required: null, label: { zh: 名字 } }\n  size: { type: integer, label: { en: Size } }\n";
    let model = model(&[base(), layer("tenant", &[("object.yaml", tenant)])]);
    let deal = model.object_named("deal").unwrap();
    assert_eq!((deal.label.en.as_deref(), deal.label.zh.as_deref()), (Some("Deal"), Some("生意")));
    let name = deal.field_named("name").unwrap();
    assert!(matches!(name.kind, FieldKind::Text { max: 60, .. }));
    assert!(!name.required);
    assert_eq!((name.label.en.as_deref(), name.label.zh.as_deref()), (Some("Name"), Some("名字")));
    assert_eq!((name.package.as_str(), name.sort), ("base", SortRule::Pinyin));
    assert_eq!(name.id, ElementId::derive("base", "deal.fields.name"));
    assert_eq!(deal.field_named("size").unwrap().package.as_str(), "tenant");
}

#[test]
fn an_object_has_what_every_record_has_in_fixed_places() {
    let model = model(&[base()]);
    let deal = model.object_named("deal").unwrap();
    assert_eq!(deal.field(system::DELETED_AT).unwrap().name.as_str(), "deleted_at");
    let owner = deal.relation(system::OWNER).unwrap();
    assert_eq!(
        (owner.column.as_str(), owner.targets.as_slice(), owner.read_only),
        ("owner", [model.object_named("user").unwrap().ix].as_slice(), false)
    );
    assert_eq!(deal.relation(system::UPDATED_BY).unwrap().kind_column.as_deref(), Some("updated_by_kind"));
    assert_eq!(deal.fields.iter().position(|field| field.name.as_str() == "name"), Some(system::FIELDS));
}

#[test]
fn fields_have_the_columns_of_their_types() {
    let model = model(&[base()]);
    let deal = model.object_named("deal").unwrap();
    let parts = |name: &str| deal.field_named(name).unwrap().columns.iter().map(|column| column.part).collect::<Vec<_>>();
    assert_eq!(parts("name"), [Part::Whole, Part::Fold, Part::SortKey]);
    assert_eq!(parts("amount"), [Part::Amount, Part::Currency, Part::Base]);
    assert_eq!(parts("stage"), [Part::Whole]);
    assert_eq!(parts("site").len(), 8);
    let stem = &deal.field_named("name").unwrap().columns.first().unwrap().name;
    assert!(stem.starts_with("f_"));
    assert_eq!(deal.field_named("name").unwrap().column(Part::Fold).unwrap().name, format!("{stem}_f"));
    let Value::Money(amount) = &deal.field_named("amount").unwrap().default else { panic!("the default is no money") };
    assert_eq!((amount.amount.to_string().as_str(), amount.currency.as_str()), ("5.000", "CNY"));
    let star = &deal.field_named("stage").unwrap().kind.options()[1];
    assert_eq!((star.name.as_str(), star.graphql.as_str(), star.closed), ("5_star", "_5_STAR", true));
}

#[test]
fn relations_are_met_from_both_ends() {
    let model = model(&[base()]);
    let (deal, user) = (model.object_named("deal").unwrap(), model.object_named("user").unwrap());
    assert_eq!(deal.relation_named("user").unwrap().on_delete, OnDelete::Restrict);
    assert_eq!(deal.relation_named("origin").unwrap().shape, RelationShape::Any);
    assert!(deal.relation_named("origin").unwrap().kind_column.as_deref().unwrap().ends_with("_k"));
    assert!(matches!(user.edge_named("deals").unwrap().kind, EdgeKind::Children { .. }));
    assert_eq!(user.edge_named("deals").unwrap().label.en.as_deref(), Some("Deals"));
    assert!(matches!(deal.edge_named("people").unwrap().kind, EdgeKind::Linked { here: LinkEnd::Source, .. }));
    assert!(matches!(user.edge_named("all_deals").unwrap().kind, EdgeKind::Linked { here: LinkEnd::Target, .. }));
    assert!(user.edge_named("caused").is_some() && deal.edge_named("caused").is_some());
    assert!(matches!(deal.edge_named("descendants").unwrap().kind, EdgeKind::Descendants { .. }));
    assert_eq!(deal.tree, Some(deal.relation_named("parent").unwrap().ix));
    let link = model.links.first().unwrap();
    assert_eq!((link.graphql.as_str(), link.fields.first().unwrap().name.as_str()), ("DealPeopleLink", "role"));
}

#[test]
fn keys_and_display_follow_the_rules() {
    let model = model(&[base()]);
    let deal = model.object_named("deal").unwrap();
    assert_eq!(deal.display, Some(deal.field_named("name").unwrap().ix));
    let keys: Vec<&str> = deal.unique.iter().map(|key| key.graphql_value.as_str()).collect();
    assert_eq!(keys, ["NUMBER", "BY_USER_AND_NAME"]);
    assert!(matches!(deal.unique[1].parts.as_slice(), [UniquePart::Relation(_), UniquePart::Field(_)]));
    assert_eq!(deal.unique[1].graphql, "byUserAndName");
}

#[test]
fn a_rename_keeps_the_id_and_serves_the_old_name_until_its_day() {
    let renamed = "object: sale\nwas: deal\nlabel: { en: Sale }\nfields:\n  title: { was: name, alias_until: 2027-02-19, type: text, label: { en: Title } }\n";
    let model = model(&[layer("base", &[("object.yaml", renamed)])]);
    let sale = model.object_named("sale").unwrap();
    assert_eq!(sale.id, ElementId::derive("base", "deal"));
    let title = sale.field_named("title").unwrap();
    assert_eq!(title.id, ElementId::derive("base", "deal.fields.name"));
    assert_eq!(title.aliases.iter().map(|(name, until)| format!("{name} {until}")).collect::<Vec<_>>(), ["name 2027-02-19"]);
}

#[test]
fn retired_things_stay_and_are_not_met() {
    let mut base = base();
    for element in &mut base.elements {
        if matches!(element.path.0.as_str(), "user" | "deal.fields.name") {
            element.state = State::Retired;
        }
    }
    let assembled = assembled(&[base]);
    // The composite key names the retired field and relation.
    assert!(assembled.diagnostics.iter().all(|diagnostic| diagnostic.code == "metadata/unknown-field"), "{:#?}", assembled.diagnostics);
    let model = assembled.model.unwrap();
    assert!(model.object_named("user").is_none());
    let deal = model.object_named("deal").unwrap();
    assert!(deal.field_named("name").is_none() && deal.fields.iter().any(|field| field.name.as_str() == "name"));
    assert!(deal.relation_named("user").is_none() && deal.edge_named("people").is_none());
    assert_eq!(deal.unique.len(), 1);
    assert_eq!(deal.relation_named("origin").unwrap().targets, [deal.ix]);
}

#[test]
fn a_new_field_may_not_take_a_retired_ones_graphql_name() {
    let mut base =
        layer("base", &[("object.yaml", "object: deal\nlabel: { en: Deal }\nfields: { line_2: { type: text, label: { en: Line } } }\n")]);
    base.elements.last_mut().unwrap().state = State::Retired;
    let tenant = layer("tenant", &[("object.yaml", "object: deal\nfields: { line2: { type: text, label: { en: Line } } }\n")]);
    let codes: Vec<&str> = assembled(&[base, tenant]).diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, ["name/clash"]);
}

#[test]
fn physical_names_are_those_given() {
    let layers = [base()];
    let first = model(&layers);
    let open = unnamed(&first, &Physical::default());
    let names = open.iter().enumerate().map(|(at, (id, kind))| (*id, format!("{}{at}", kind.prefix()))).collect();
    let physical = Physical { names };
    let named = assemble(TenantId(Uuid::nil()), ModelVersion(1), &Settings::default(), &layers, &physical).model.unwrap();
    assert!(unnamed(&named, &physical).is_empty());
    assert_eq!(named.object_named("user").unwrap().table, "o_0");
    assert_eq!(named.object_named("user").unwrap().field_named("name").unwrap().columns.first().unwrap().name, "f_1");
    assert!(named.links.first().unwrap().table.starts_with("l_"));
}

#[test]
fn texts_in_a_labels_file_may_stand_over_another_packages_field() {
    let labels = "object: deal\nlabels: { deal.fields.name: 名字 }\nabout: { deal.fields.name: 这笔生意叫什么。 }\n";
    let model = model(&[base(), layer("tenant", &[("labels/zh.yaml", labels)])]);
    let name = model.object_named("deal").unwrap().field_named("name").unwrap();
    assert_eq!((name.label.en.as_deref(), name.label.zh.as_deref()), (Some("Name"), Some("名字")));
    assert_eq!(name.about.zh.as_deref(), Some("这笔生意叫什么。"));
}

const REP: &str = "role: rep\nlabel: { en: Rep }\nspecial: [export]\n";
const GUEST: &str = "role: guest\nlabel: { en: Guest }\nportal: true\n";
const ACCESS: &str = "object: deal
roles:
  rep:
    can: [update, read]
    rows: { read: \"user == me || owner in my.reports\", update: owner == me }
    fields: { \"*\": write, amount: read, user: none }
  guest: { can: [read] }
sharing:
  first: { label: { en: First }, rows: stage == 'new', to: { roles: [rep], teams: [East] }, rights: [update] }
";

fn lawful() -> Layer {
    let files = [
        ("user/object.yaml", USER),
        ("deal/object.yaml", DEAL),
        ("deal/access.yaml", ACCESS),
        ("roles/rep.yaml", REP),
        ("roles/guest.yaml", GUEST),
    ];
    layer("base", &files)
}

#[test]
fn rights_are_given_as_they_are_written() {
    let model = model(&[lawful()]);
    let (deal, rep) = (model.object_named("deal").unwrap(), model.role_named("rep").unwrap());
    assert_eq!((rep.special.as_slice(), rep.portal, rep.id), ([Special::Export].as_slice(), false, ElementId::derive("base", "role:rep")));
    let grant = deal.access.iter().find(|grant| grant.role == rep.ix).unwrap();
    assert_eq!(grant.can, [Verb::Read, Verb::Update]);
    assert_eq!(grant.rows.read.as_ref().unwrap().source, "user == me || owner in my.reports");
    assert!(grant.rows.delete.is_none());
    let amount = deal.field_named("amount").unwrap().ix;
    assert_eq!((grant.fields.all, grant.fields.fields.as_slice()), (Some(FieldRight::Write), [(amount, FieldRight::Read)].as_slice()));
    assert_eq!(grant.fields.relations, [(deal.relation_named("user").unwrap().ix, FieldRight::None)]);
    let sharing = deal.sharing.first().unwrap();
    assert_eq!(
        (sharing.rights.as_slice(), sharing.teams.as_slice()),
        ([Verb::Read, Verb::Update].as_slice(), ["East".to_owned()].as_slice())
    );
    assert_eq!(model.facts, [Fact::Me, Fact::Reports]);
}

#[test]
fn a_tenant_overrides_single_rights_of_a_package() {
    let tenant = "object: deal\nroles:\n  rep:\n    can: [read]\n    rows: { update: null }\n    fields: { amount: null, number: none }\n";
    let model = model(&[lawful(), layer("tenant", &[("access.yaml", tenant)])]);
    let (deal, rep) = (model.object_named("deal").unwrap(), model.role_named("rep").unwrap());
    let grant = deal.access.iter().find(|grant| grant.role == rep.ix).unwrap();
    assert_eq!(grant.can, [Verb::Read]);
    assert!(grant.rows.read.is_some() && grant.rows.update.is_none());
    let number = deal.field_named("number").unwrap().ix;
    assert_eq!((grant.fields.all, grant.fields.fields.as_slice()), (Some(FieldRight::Write), [(number, FieldRight::None)].as_slice()));
    assert_eq!((grant.package.as_str(), grant.id), ("base", ElementId::derive("base", "deal.access.rep")));
}

#[test]
fn what_is_retired_gives_nothing() {
    let retire = |paths: &[&str]| {
        let mut base = lawful();
        for element in base.elements.iter_mut().filter(|element| paths.contains(&element.path.0.as_str())) {
            element.state = State::Retired;
        }
        assembled(&[base])
    };
    // A retired role, grant, sharing rule: nobody has it, and nobody is told.
    for path in ["role:guest", "deal.access.guest"] {
        let model = retire(&[path]).model.unwrap();
        assert_eq!(model.object_named("deal").unwrap().access.len(), 1, "{path}");
    }
    assert!(retire(&["deal.sharing.first"]).model.unwrap().object_named("deal").unwrap().sharing.is_empty());
    // A rule over a retired relation denies, and says so.
    let without = retire(&["deal.relations.user", "deal.unique"]);
    let codes: Vec<&str> = without.diagnostics.iter().filter(|one| one.path == "deal.access.rep").map(|one| one.code).collect();
    assert_eq!(codes, ["rule/unknown-name", "metadata/unknown-field"]);
    let model = without.model.unwrap();
    let grant = model.object_named("deal").unwrap().access.first().unwrap();
    assert_eq!(grant.rows.read.as_ref().unwrap().expression, Expression::Literal(Value::Bool(false)));
    assert!(matches!(grant.rows.update.as_ref().unwrap().expression, Expression::Compare(..)));
}

#[test]
fn a_renamed_role_keeps_its_id() {
    let renamed =
        layer("base", &[("user.yaml/object.yaml", USER), ("roles/seller.yaml", "role: seller\nwas: rep\nlabel: { en: Seller }\n")]);
    let model = model(&[renamed]);
    let seller = model.role_named("seller").unwrap();
    assert_eq!((seller.id, model.role_named("rep").map(|role| role.ix)), (ElementId::derive("base", "role:rep"), Some(seller.ix)));
}
