//! What stands behind the answer to a query, for administrators who ask (`extensions.explain`): statements, how the
//! database carries them out, what their opaque names mean, and the rules on rows that were woven in.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;
use tenon_access::explain_verb;
use tenon_context::OpContext;
use tenon_diagnostics::Problem;
use tenon_model::{Model, Object, Verb};
use tenon_store::Explained;
use tenon_value::Json;

use crate::explain::source;

/// Who asks for it and may not.
pub(crate) fn forbidden() -> Problem {
    Problem::forbidden("explain", "only administrators see what stands behind a query", "仅管理员可查看查询背后的语句")
}

/// `extensions.explain`.
pub(crate) fn told(cx: &OpContext, statements: &[Explained]) -> Json {
    let meanings = meanings(&cx.model);
    // Quoted in the text: names of ours, and aliases, which mean nothing.
    let quoted = statements.iter().flat_map(|one| one.sql.split('"').skip(1).step_by(2));
    let names: BTreeMap<&str, &str> =
        quoted.filter_map(|name| meanings.get_key_value(name).map(|(name, meaning)| (name.as_str(), meaning.as_str()))).collect();
    let read = cx.model.active_objects().filter(|object| names.contains_key(object.table.as_str()));
    json!({
        "statements": statements.iter().map(|one| json!({ "sql": one.sql, "plan": one.plan })).collect::<Vec<_>>(),
        "names": names,
        "rules": read.flat_map(|object| rules(cx, object)).collect::<Vec<_>>(),
    })
}

/// What each opaque name stands for: `o_12` is `opportunity`, `f_7` is `opportunity.stage`.
fn meanings(model: &Model) -> HashMap<String, String> {
    let mut meanings = HashMap::new();
    for object in &model.objects {
        meanings.insert(object.table.clone(), object.name.to_string());
        for field in object.fields.iter().filter(|field| !field.system) {
            meanings.extend(field.columns.iter().map(|column| (column.name.clone(), format!("{}.{}", object.name, field.name))));
        }
        for relation in object.relations.iter().filter(|relation| !relation.system) {
            let columns = [Some(&relation.column), relation.kind_column.as_ref()];
            meanings.extend(columns.into_iter().flatten().map(|column| (column.clone(), format!("{}.{}", object.name, relation.name))));
        }
    }
    for link in &model.links {
        let relation = model.object(link.source).and_then(|object| Some((object, object.relation(link.relation)?)));
        if let Some((object, relation)) = relation {
            meanings.insert(link.table.clone(), format!("{}.{}", object.name, relation.name));
        }
    }
    meanings
}

/// Why rows of an object are shown: one entry per reason that gives any.
fn rules<'c>(cx: &'c OpContext, object: &'c Object) -> impl Iterator<Item = Json> + 'c {
    let reasons = explain_verb(&cx.model, &cx.principal, object.ix, Verb::Read).into_iter().filter(|reason| reason.gives());
    reasons.map(|reason| {
        let (by, name, through) = source(&cx.model, &reason.by);
        let rule = reason.rule.as_ref().map(|rule| rule.source.as_str());
        json!({ "object": object.name.as_str(), "by": by, "name": name, "through": through, "rule": rule })
    })
}
