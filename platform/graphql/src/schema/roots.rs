//! Query and Mutation.

use tenon_model::{Object, ObjectIx};
use tenon_query::Action;

use super::objects::page_arguments;
use super::seeds::may;
use super::{FieldDef, InputDef, TypeDef, TypeKind, View};
use crate::syntax::ast::ValueKind;

fn deleted() -> InputDef {
    InputDef::new("deleted", "Deleted").defaulting(ValueKind::Enum("EXCLUDE".into()))
}

pub(super) fn query(view: &View<'_>) -> TypeDef {
    let mut fields = vec![
        FieldDef::new("record", "Record").taking(vec![InputDef::new("object", "String!"), InputDef::new("id", "ID!")]),
        FieldDef::new("records", "[Record]!").taking(vec![InputDef::new("refs", "[RecordRef!]!")]),
        FieldDef::new("me", "Me!"),
        FieldDef::new("search", "[SearchHit!]!").taking(vec![
            InputDef::new("text", "String!"),
            InputDef::new("objects", "[String!]"),
            InputDef::new("first", "Int").defaulting(ValueKind::Int("20".into())),
        ]),
        FieldDef::new("explainAccess", "AccessExplanation").taking(vec![
            InputDef::new("object", "String!"),
            InputDef::new("id", "ID!"),
            InputDef::new("principal", "ID"),
        ]),
    ];
    fields.push(FieldDef::new("job", "Job").taking(vec![InputDef::new("id", "ID!")]));
    fields.push(FieldDef::new("jobs", "JobConnection!").taking(vec![
        InputDef::new("kinds", "[String!]"),
        InputDef::new("states", "[JobState!]"),
        InputDef::new("first", "Int"),
        InputDef::new("after", "String"),
    ]));
    if crate::explain::may_ask_about_others(view.policy) {
        fields.push(FieldDef::new("whoCanSee", "[AccessHolder!]!").taking(vec![
            InputDef::new("object", "String!"),
            InputDef::new("id", "ID!"),
            InputDef::new("first", "Int").defaulting(ValueKind::Int("50".into())),
            InputDef::new("after", "ID"),
        ]));
    }
    for object in view.objects() {
        let name = object.graphql.type_name.as_str();
        fields.push(FieldDef::new(&object.graphql.single, name).taking(vec![
            InputDef::new("id", "ID"),
            InputDef::new("by", &format!("{name}Key")),
            deleted(),
        ]));
        let mut arguments = page_arguments(name, Vec::new());
        arguments.insert(1, InputDef::new("search", "String"));
        arguments.push(deleted());
        fields.push(FieldDef::new(&object.graphql.plural, &format!("{name}Connection!")).taking(arguments));
        fields.push(FieldDef::new(&format!("{}Aggregate", object.graphql.plural), &format!("[{name}Aggregate!]!")).taking(vec![
            InputDef::new("filter", &format!("{name}Filter")),
            InputDef::new("search", "String"),
            InputDef::new("groupBy", &format!("[{name}GroupBy!]")),
            InputDef::new("having", &format!("{name}Having")),
            InputDef::new("orderBy", &format!("[{name}AggregateOrder!]")),
            InputDef::new("first", "Int"),
            deleted(),
        ]));
    }
    for query in view.offers.queries() {
        let name = query.field();
        // A name that is taken already stays what it is.
        if !fields.iter().any(|field| *field.name == name) {
            fields.push(super::actions::asked(query));
        }
    }
    TypeDef { name: "Query".into(), description: None, kind: TypeKind::Object { fields, interfaces: Vec::new() } }
}

/// What a root field of a mutation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Update,
    Upsert,
    Delete,
    Restore,
    Destroy,
    CreateMany,
    UpdateMany,
    UpsertMany,
    DeleteMany,
    RestoreMany,
    DestroyMany,
    Share,
    Unshare,
    Merge,
}

impl Verb {
    const ALL: [Self; 15] = [
        Self::Create,
        Self::Update,
        Self::Upsert,
        Self::Delete,
        Self::Restore,
        Self::Destroy,
        Self::CreateMany,
        Self::UpdateMany,
        Self::UpsertMany,
        Self::DeleteMany,
        Self::RestoreMany,
        Self::DestroyMany,
        Self::Share,
        Self::Unshare,
        Self::Merge,
    ];

    pub(crate) const fn action(self) -> Action {
        match self {
            Self::Create | Self::CreateMany => Action::Create,
            Self::Update | Self::UpdateMany | Self::Upsert | Self::UpsertMany | Self::Merge => Action::Update,
            Self::Delete | Self::DeleteMany => Action::Delete,
            Self::Restore | Self::RestoreMany => Action::Restore,
            Self::Destroy | Self::DestroyMany => Action::Destroy,
            Self::Share | Self::Unshare => Action::Share,
        }
    }

    /// Whether the role may do it to some row at least. An upsert makes what it does not find.
    fn is_permitted(self, view: &View<'_>, object: ObjectIx) -> bool {
        let makes = matches!(self, Self::Upsert | Self::UpsertMany);
        let is_permitted = may(view, object, self.action()) && (!makes || may(view, object, Action::Create));
        is_permitted && (self != Self::Merge || is_merged(view, object))
    }

    fn field_name(self, object: &Object) -> String {
        let (one, many) = (&object.graphql.type_name, &object.graphql.plural_type);
        match self {
            Self::Create => format!("create{one}"),
            Self::Update => format!("update{one}"),
            Self::Upsert => format!("upsert{one}"),
            Self::Delete => format!("delete{one}"),
            Self::Restore => format!("restore{one}"),
            Self::Destroy => format!("destroy{one}"),
            Self::CreateMany => format!("create{many}"),
            Self::UpdateMany => format!("update{many}"),
            Self::UpsertMany => format!("upsert{many}"),
            Self::DeleteMany => format!("delete{many}"),
            Self::RestoreMany => format!("restore{many}"),
            Self::DestroyMany => format!("destroy{many}"),
            Self::Share => format!("share{one}"),
            Self::Unshare => format!("unshare{one}"),
            Self::Merge => format!("merge{many}"),
        }
    }

    fn arguments(self, object: &Object) -> Vec<InputDef> {
        let name = object.graphql.type_name.as_str();
        let create = format!("Create{name}Input!");
        let update = format!("Update{name}Input");
        let by = || InputDef::new("by", &format!("{name}Unique!"));
        let mode = || InputDef::new("mode", "BatchMode").defaulting(ValueKind::Enum("ATOMIC".into()));
        let id = || InputDef::new("id", "ID!");
        let version = || InputDef::new("expectedVersion", "Int");
        let which = || vec![InputDef::new("ids", "[ID!]"), InputDef::new("filter", &format!("{name}Filter"))];
        match self {
            Self::Create => vec![InputDef::new("input", &create)],
            Self::Update => vec![id(), InputDef::new("input", &format!("{update}!")), version()],
            Self::Upsert => vec![by(), InputDef::new("input", &format!("{update}!"))],
            Self::Delete => vec![id(), version()],
            Self::Restore | Self::Destroy => vec![id()],
            Self::CreateMany => vec![InputDef::new("inputs", &format!("[{create}]!")), mode()],
            Self::UpdateMany => {
                let mut arguments = which();
                arguments.extend([InputDef::new("input", &update), InputDef::new("updates", &format!("[{name}Update!]")), mode()]);
                arguments
            }
            Self::UpsertMany => vec![
                by(),
                InputDef::new("inputs", &format!("[{update}!]!")),
                InputDef::new("onMatch", "OnMatch").defaulting(ValueKind::Enum("UPDATE".into())),
                mode(),
            ],
            Self::Share => {
                vec![id(), InputDef::new("with", "ID!"), InputDef::new("rights", "[String!]!"), InputDef::new("until", "DateTime")]
            }
            Self::Unshare => vec![id(), InputDef::new("with", "ID!")],
            Self::Merge => {
                vec![InputDef::new("survivor", "ID!"), InputDef::new("others", "[ID!]!"), InputDef::new("rules", "[MergeRule!]")]
            }
            Self::DeleteMany | Self::RestoreMany | Self::DestroyMany => {
                let mut arguments = which();
                arguments.push(mode());
                arguments
            }
        }
    }

    fn answer(self, object: &Object) -> String {
        let name = &object.graphql.type_name;
        match self {
            Self::Destroy => "Destroyed!".to_owned(),
            Self::Merge => format!("{name}Merge!"),
            Self::Create | Self::Update | Self::Upsert | Self::Delete | Self::Restore | Self::Share | Self::Unshare => format!("{name}!"),
            _ => format!("{name}Batch!"),
        }
    }
}

/// Every root field of Mutation: name, object, verb.
pub(crate) fn mutations<'a>(view: &View<'a>) -> Vec<(String, &'a Object, Verb)> {
    let mut fields = Vec::new();
    for object in view.objects() {
        for verb in Verb::ALL {
            if verb.is_permitted(view, object.ix) {
                fields.push((verb.field_name(object), object, verb));
            }
        }
    }
    fields
}

/// The root field of Mutation of this name: its object and verb.
pub(crate) fn mutation_named<'a>(view: &View<'a>, name: &str) -> Option<(&'a Object, Verb)> {
    named(view, name).filter(|(object, verb)| verb.is_permitted(view, object.ix))
}

/// The object whose records are seen, but not for this: its verb is no field of the schema these rights see.
pub(crate) fn forbidden_mutation<'a>(view: &View<'a>, name: &str) -> Option<&'a Object> {
    named(view, name).filter(|(object, verb)| !verb.is_permitted(view, object.ix)).map(|(object, _)| object)
}

/// Object and verb of a name, permitted or not.
fn named<'a>(view: &View<'a>, name: &str) -> Option<(&'a Object, Verb)> {
    // Every verb stands before the name of its object, in the singular or the plural: few objects come near.
    let is_near = |object: &&Object| {
        let ends = |stem: &str| name.ends_with(stem);
        ends(object.graphql.type_name.as_str()) || ends(object.graphql.plural_type.as_str())
    };
    view.objects().filter(is_near).find_map(|object| {
        let verb = Verb::ALL.into_iter().find(|verb| verb.field_name(object) == name)?;
        Some((object, verb))
    })
}

/// Whether an object's records may become one. Who signs in is one person for good.
pub(super) fn is_merged(view: &View<'_>, object: ObjectIx) -> bool {
    let signs_in = view.model.object(object).is_some_and(|object| object.name.as_str() == "user");
    !signs_in && may(view, object, Action::Update) && may(view, object, Action::Delete)
}

/// Whether there is anything to merge, so that it can be taken back.
pub(crate) fn undoes_merges(view: &View<'_>) -> bool {
    view.objects().any(|object| is_merged(view, object.ix))
}

pub(super) fn mutation(view: &View<'_>) -> TypeDef {
    let mut fields: Vec<FieldDef> = mutations(view)
        .into_iter()
        .map(|(name, object, verb)| FieldDef::new(&name, &verb.answer(object)).taking(verb.arguments(object)))
        .collect();
    if undoes_merges(view) {
        fields.push(FieldDef::new("undoMerge", "Boolean!").taking(vec![InputDef::new("id", "ID!")]));
    }
    for action in view.offers.actions() {
        let name = action.field();
        // A name that is taken already stays what it is.
        if !fields.iter().any(|field| *field.name == name) {
            fields.push(super::actions::root(action));
        }
    }
    TypeDef { name: "Mutation".into(), description: None, kind: TypeKind::Object { fields, interfaces: Vec::new() } }
}
