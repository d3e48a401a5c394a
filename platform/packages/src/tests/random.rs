//! Whatever a designer does: what is pulled afterwards plans to nothing, and element ids never meet twice.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::json;
use tenon_value::{JsonMap, Locale};

use super::{Tenant, deal, map, path};
use crate::{Change, Draft, TENANT_LAYER};

const FIELDS: [&str; 4] = ["deal.fields.size", "deal.fields.volume", "deal.fields.color", "account.fields.tier"];
const ELEMENTS: [&str; 7] =
    ["deal", "deal.fields.size", "deal.fields.volume", "deal.views.all", "account.fields.website", "account", "account.fields.tier"];

fn change() -> impl Strategy<Value = Change> {
    let field = prop::sample::select(FIELDS.to_vec());
    let element = prop::sample::select(ELEMENTS.to_vec());
    let kind = prop::sample::select(vec!["text", "integer", "date", "boolean"]);
    prop_oneof![
        (field.clone(), kind).prop_map(|(at, kind)| {
            let properties = map(json!({"type": kind, "label": {"en": "F", "zh": "字段"}}));
            Change::Create { path: path(at), properties }
        }),
        (field.clone(), prop::sample::select(vec!["size", "volume", "color", "tier"])).prop_map(|(at, name)| Change::Update {
            path: path(at),
            properties: JsonMap::new(),
            rename: Some(name.to_owned()),
        }),
        (element.clone(), any::<bool>()).prop_map(|(at, zh)| {
            let label = if zh { json!({"zh": "新"}) } else { json!({"en": "New", "zh": "新"}) };
            Change::Update { path: path(at), properties: map(json!({"label": label})), rename: None }
        }),
        element.clone().prop_map(|at| Change::Retire(path(at))),
        element.clone().prop_map(|at| Change::Restore(path(at))),
        element.clone().prop_map(|at| Change::Reset(path(at))),
        element.prop_map(|at| Change::Labels { locale: Locale::En, labels: vec![(at.to_owned(), "Other".to_owned())] }),
        prop::sample::select(vec!["name", "size", "volume"]).prop_map(|column| {
            let view = json!({"type": "table", "label": {"en": "All", "zh": "全部"}, "columns": ["name", column]});
            Change::Put { path: path("deal.views.all"), properties: map(view) }
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_pulled_plans_to_nothing(changes in prop::collection::vec(change(), 1..10)) {
        let mut tenant = Tenant::new();
        tenant.apply_files(&[deal()], false);
        for one in changes {
            let draft = Draft::Changes(vec![one]);
            let computed = tenant.compute(TENANT_LAYER, &draft);
            let errors = computed.diagnostics.iter().any(|found| found.severity == tenon_diagnostics::Severity::Error);
            if errors || computed.after.is_none() {
                continue;
            }
            tenant.apply_to(TENANT_LAYER, &draft);
            tenant.assert_settled();
            let own = tenant.rows.layers.iter().find(|layer| layer.package.as_str() == TENANT_LAYER);
            let ids: Vec<_> = own.into_iter().flat_map(|layer| &layer.elements).map(|element| element.id).collect();
            prop_assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        }
    }
}
