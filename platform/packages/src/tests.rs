//! Plans without a database: a draft laid over rows, applied in memory, planned again.

mod law;
mod random;

use serde_json::json;
use tenon_model::{ElementPath, ModelVersion, Physical, Settings, State};
use tenon_store::MetadataRows;
use tenon_value::{DateTime, Json, JsonMap, Name, TenantId, Uuid};

use crate::compute::{Computed, compute};
use crate::{BASE_PACKAGE, Change, Draft, Op, Operation, SourceFile, TENANT_LAYER, crm, pull};

/// 2026-11-21T00:00:00Z.
const NOW: DateTime = DateTime::from_millis(1_795_219_200_000);

fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(7))
}

fn map(value: Json) -> JsonMap<String, Json> {
    value.as_object().cloned().unwrap()
}

fn path(text: &str) -> ElementPath {
    ElementPath(text.to_owned())
}

/// A tenant that lives in memory.
struct Tenant {
    rows: MetadataRows,
}

impl Tenant {
    fn new() -> Self {
        let rows =
            MetadataRows { version: ModelVersion(1), settings: Settings::default(), layers: Vec::new(), physical: Physical::default() };
        let mut tenant = Self { rows };
        tenant.apply_to(BASE_PACKAGE, &Draft::Files { files: crm::files(), prune: false });
        tenant
    }

    fn compute(&self, layer: &str, draft: &Draft) -> Computed {
        compute(tenant(), &self.rows, &Name::known(layer), draft, NOW).unwrap()
    }

    fn apply_to(&mut self, layer: &str, draft: &Draft) -> Vec<Operation> {
        let computed = self.compute(layer, draft);
        assert!(computed.after.is_some(), "{:#?}", computed.diagnostics);
        self.rows = computed.rows;
        for (id, kind) in tenon_compiler::unnamed(computed.after.as_ref().unwrap(), &self.rows.physical) {
            let name = format!("{}{}", kind.prefix(), self.rows.physical.names.len());
            self.rows.physical.names.insert(id, name);
        }
        computed.steps.into_iter().map(|step| step.operation).collect()
    }

    fn change(&mut self, changes: Vec<Change>) -> Vec<Operation> {
        self.apply_to(TENANT_LAYER, &Draft::Changes(changes))
    }

    fn apply_files(&mut self, files: &[SourceFile], prune: bool) -> Vec<Operation> {
        self.apply_to(TENANT_LAYER, &Draft::Files { files: files.to_vec(), prune })
    }

    fn pull(&self) -> Vec<SourceFile> {
        pull::files(&self.rows, TENANT_LAYER, None).unwrap()
    }

    fn codes(&self, draft: &Draft) -> Vec<&'static str> {
        self.compute(TENANT_LAYER, draft).diagnostics.iter().map(|one| one.code).collect()
    }

    fn id(&self, of: &str) -> Option<tenon_value::ElementId> {
        let layers = self.rows.layers.iter().flat_map(|layer| &layer.elements);
        layers.into_iter().find(|element| element.path.0 == of).map(|element| element.id)
    }

    /// Every change of this kind of test leaves something that, pulled, plans to nothing.
    fn assert_settled(&self) {
        for prune in [false, true] {
            let computed = self.compute(TENANT_LAYER, &Draft::Files { files: self.pull(), prune });
            let steps: Vec<&Operation> = computed.steps.iter().map(|step| &step.operation).collect();
            assert!(steps.is_empty(), "{steps:#?}\n{:#?}", self.pull());
            assert_eq!(computed.diagnostics.iter().filter(|one| one.severity == tenon_diagnostics::Severity::Error).count(), 0);
        }
    }
}

fn object(name: &str, yaml: &str) -> SourceFile {
    SourceFile::new(format!("objects/{name}/object.yaml"), format!("format: tenon/v1\nobject: {name}\n{yaml}"))
}

fn deal() -> SourceFile {
    object(
        "deal",
        "label: { en: Deal, zh: 交易 }\nfields:\n  name: { type: text, required: true, label: { en: Name, zh: 名称 } }\n  size: { type: integer, label: { en: Size, zh: 规模 } }\n  stage: { type: choice, options: [new, won, lost], label: { en: Stage, zh: 阶段 } }\n",
    )
}

fn said(operations: &[Operation]) -> Vec<(Op, &str)> {
    operations.iter().map(|one| (one.op, one.path.as_str())).collect()
}

#[test]
fn the_base_package_installs_once() {
    let mut tenant = Tenant::new();
    let again = tenant.apply_to(BASE_PACKAGE, &Draft::Files { files: crm::files(), prune: false });
    assert_eq!(said(&again), []);
    assert_eq!(crm::info().unwrap().version, "1.0.0");
}

#[test]
fn applying_twice_is_an_empty_plan_and_pulling_too() {
    let mut tenant = Tenant::new();
    let first = tenant.apply_files(&[deal()], false);
    assert_eq!(
        said(&first),
        [(Op::Add, "deal"), (Op::Add, "deal.fields.name"), (Op::Add, "deal.fields.size"), (Op::Add, "deal.fields.stage")]
    );
    assert_eq!(said(&tenant.apply_files(&[deal()], false)), []);
    assert_eq!(said(&tenant.apply_files(&[deal()], true)), []);
    tenant.assert_settled();
}

#[test]
fn a_rename_keeps_the_element_and_serves_the_old_name_for_90_days() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&[deal()], false);
    let id = tenant.id("deal.fields.size");
    let renamed = SourceFile { text: deal().text.replace("  size: { type: integer,", "  volume: { type: integer, was: size,"), ..deal() };
    let steps = tenant.apply_files(std::slice::from_ref(&renamed), false);
    assert_eq!(said(&steps), [(Op::Rename, "deal.fields.volume")]);
    assert_eq!(tenant.id("deal.fields.volume"), id);
    assert_eq!(tenant.id("deal.fields.size"), None);
    let model = tenon_catalog::model_of(self::tenant(), &tenant.rows).unwrap();
    let field = model.object_named("deal").unwrap().field_named("volume").unwrap();
    // 2026-11-21 + 90 days.
    assert_eq!(
        field.aliases.iter().map(|(name, until)| (name.as_str(), until.to_string())).collect::<Vec<_>>(),
        [("size", "2027-02-19".to_owned())]
    );
    assert_eq!(said(&tenant.apply_files(&[renamed], true)), []);
    tenant.assert_settled();
}

#[test]
fn a_new_element_at_an_old_path_is_another_element() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&[deal()], false);
    let id = tenant.id("deal.fields.size");
    tenant.change(vec![Change::Update { path: path("deal.fields.size"), properties: JsonMap::new(), rename: Some("volume".to_owned()) }]);
    let draft = Draft::Changes(vec![Change::Create {
        path: path("deal.fields.size"),
        properties: map(json!({"type": "text", "label": {"en": "S"}})),
    }]);
    // The old name is still served; until it ends, nothing else can have it.
    if tenant.compute(TENANT_LAYER, &draft).after.is_some() {
        tenant.apply_to(TENANT_LAYER, &draft);
        assert_ne!(tenant.id("deal.fields.size"), id);
    }
    assert_eq!(tenant.id("deal.fields.volume"), id);
}

#[test]
fn a_rename_takes_views_along() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&[deal()], false);
    let view = json!({"type": "table", "label": {"en": "All"}, "columns": ["name", "size"], "order": [{"size": "asc"}]});
    tenant.change(vec![Change::Put { path: path("deal.views.all"), properties: map(view) }]);
    let steps = tenant.change(vec![Change::Update {
        path: path("deal.fields.size"),
        properties: JsonMap::new(),
        rename: Some("volume".to_owned()),
    }]);
    assert_eq!(said(&steps), [(Op::Rename, "deal.fields.volume"), (Op::Change, "deal.views.all")]);
    tenant.assert_settled();
}

#[test]
fn a_disappearance_beside_a_same_typed_appearance_is_asked_about() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&[deal()], false);
    let other = SourceFile { text: deal().text.replace("  size:", "  volume:"), ..deal() };
    let draft = |prune| Draft::Files { files: vec![other.clone()], prune };
    assert_eq!(tenant.codes(&draft(true)), ["metadata/rename-or-drop"]);
    assert_eq!(tenant.codes(&draft(false)), ["metadata/rename-or-drop"]);
    // Another type is no rename.
    let typed = SourceFile { text: deal().text.replace("size: { type: integer", "volume: { type: date"), ..deal() };
    assert_eq!(tenant.codes(&Draft::Files { files: vec![typed], prune: true }), Vec::<&str>::new());
}

#[test]
fn prune_retires_only_what_the_tenant_owns() {
    let mut tenant = Tenant::new();
    let over = object("account", "label: { en: Customer, zh: 客户 }\nfields:\n  tier: { type: integer, label: { en: Tier, zh: 级别 } }\n");
    tenant.apply_files(&[deal(), over], false);
    let steps = tenant.apply_files(&[deal()], true);
    assert_eq!(said(&steps), [(Op::Retire, "account.fields.tier")]);
    let account = |tenant: &Tenant| tenon_catalog::model_of(self::tenant(), &tenant.rows).unwrap().object_named("account").unwrap().clone();
    assert!(account(&tenant).field_named("name").is_some());
    assert!(account(&tenant).field_named("tier").is_none());
    assert_eq!(said(&tenant.apply_files(&[deal()], true)), []);
}

#[test]
fn a_field_written_in_the_middle_stands_there_and_what_is_not_written_keeps_its_place() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&[deal()], false);
    let middle =
        SourceFile { text: deal().text.replace("  size:", "  color: { type: text, label: { en: Color, zh: 颜色 } }\n  size:"), ..deal() };
    assert_eq!(said(&tenant.apply_files(std::slice::from_ref(&middle), false)), [(Op::Add, "deal.fields.color")]);
    let names = |tenant: &Tenant| {
        let layer = tenant.rows.layers.iter().find(|layer| layer.package.as_str() == TENANT_LAYER).unwrap();
        layer.elements.iter().map(|element| element.path.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&tenant), ["deal", "name", "color", "size", "stage"]);
    assert_eq!(said(&tenant.apply_files(&[middle], true)), []);
    let without = SourceFile { text: deal().text.replace("  size: { type: integer, label: { en: Size, zh: 规模 } }\n", ""), ..deal() };
    assert_eq!(said(&tenant.apply_files(&[without], false)), []);
    assert_eq!(names(&tenant), ["deal", "name", "color", "size", "stage"]);
}

#[test]
fn retired_elements_come_back_whole() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&[deal()], false);
    for target in ["deal.fields.size", "deal", "account.fields.website", "opportunity"] {
        let before = tenant.rows.layers.clone();
        let steps = tenant.change(vec![Change::Retire(path(target))]);
        assert_eq!(said(&steps), [(Op::Retire, target)], "{target}");
        tenant.assert_settled();
        let steps = tenant.change(vec![Change::Restore(path(target))]);
        assert_eq!(said(&steps), [(Op::Restore, target)], "{target}");
        let elements = |layers: &[tenon_model::Layer]| layers.iter().flat_map(|layer| layer.elements.clone()).collect::<Vec<_>>();
        assert_eq!(elements(&tenant.rows.layers), elements(&before), "{target}");
    }
}

#[test]
fn an_option_left_out_is_retired_and_comes_back() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&[deal()], false);
    let fewer = SourceFile { text: deal().text.replace("[new, won, lost]", "[new, won]"), ..deal() };
    assert_eq!(said(&tenant.apply_files(std::slice::from_ref(&fewer), false)), [(Op::Retire, "deal.fields.stage.options.lost")]);
    assert_eq!(said(&tenant.apply_files(&[fewer], true)), []);
    tenant.assert_settled();
    assert_eq!(said(&tenant.apply_files(&[deal()], false)), [(Op::Restore, "deal.fields.stage.options.lost")]);
}

#[test]
fn an_override_of_a_package_is_one_property_and_can_be_reset() {
    let mut tenant = Tenant::new();
    let change = Change::Update { path: path("account"), properties: map(json!({"label": {"zh": "企业"}})), rename: None };
    assert_eq!(said(&tenant.change(vec![change])), [(Op::Change, "account")]);
    let label =
        |tenant: &Tenant| tenon_catalog::model_of(self::tenant(), &tenant.rows).unwrap().object_named("account").unwrap().label.clone();
    assert_eq!((label(&tenant).en.as_deref(), label(&tenant).zh.as_deref()), (Some("Account"), Some("企业")));
    tenant.assert_settled();
    assert_eq!(said(&tenant.change(vec![Change::Reset(path("account"))])), [(Op::Reset, "account")]);
    assert_eq!(label(&tenant).zh.as_deref(), Some("客户"));
}

#[test]
fn names_that_are_taken_retired_or_unknown_are_told() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&[deal()], false);
    let text = || map(json!({"type": "text", "label": {"en": "T"}}));
    let create = |to: &str| Draft::Changes(vec![Change::Create { path: path(to), properties: text() }]);
    assert_eq!(tenant.codes(&create("deal.fields.size")), ["metadata/exists"]);
    assert_eq!(tenant.codes(&create("dael.fields.size")), ["metadata/unknown-element"]);
    assert_eq!(tenant.codes(&Draft::Changes(vec![Change::Retire(path("deal.fields.sizes"))])), ["metadata/unknown-element"]);
    assert_eq!(tenant.codes(&Draft::Changes(vec![Change::Reset(path("deal.fields.size"))])), ["metadata/no-override"]);
    let rename = Change::Update { path: path("account.fields.website"), properties: JsonMap::new(), rename: Some("site".to_owned()) };
    assert_eq!(tenant.codes(&Draft::Changes(vec![rename])), ["metadata/not-own"]);
    tenant.change(vec![Change::Retire(path("deal.fields.size"))]);
    assert_eq!(tenant.codes(&create("deal.fields.size")), ["metadata/retired"]);
}

#[test]
fn labels_of_one_language_leave_the_other() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&[deal()], false);
    let labels = [("deal", "生意"), ("deal.fields.stage.options.won", "赢"), ("account.fields.website", "网站")];
    let labels = labels.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    tenant.change(vec![Change::Labels { locale: tenon_value::Locale::Zh, labels }]);
    let model = tenon_catalog::model_of(self::tenant(), &tenant.rows).unwrap();
    let deal = model.object_named("deal").unwrap();
    assert_eq!((deal.label.en.as_deref(), deal.label.zh.as_deref()), (Some("Deal"), Some("生意")));
    let won = deal.field_named("stage").unwrap().kind.options().iter().find(|one| one.name.as_str() == "won").unwrap().clone();
    assert_eq!(won.label.zh.as_deref(), Some("赢"));
    tenant.assert_settled();
}

#[test]
fn a_number_becomes_no_day_and_a_package_file_is_refused() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&[deal()], false);
    let typed = SourceFile { text: deal().text.replace("size: { type: integer", "size: { type: date"), ..deal() };
    let computed = tenant.compute(TENANT_LAYER, &Draft::Files { files: vec![typed], prune: false });
    assert_eq!(computed.steps.iter().map(|step| step.operation.risk.word()).collect::<Vec<_>>(), ["blocked"]);
    let package = SourceFile::new("package.yaml", "format: tenon/v1\npackage: acme\nversion: 1.0.0\n");
    assert_eq!(tenant.codes(&Draft::Files { files: vec![package], prune: false }), ["metadata/not-enforced-yet"]);
}

#[test]
fn a_draft_sees_its_own_earlier_changes() {
    let mut tenant = Tenant::new();
    let label = json!({"en": "Visit report"});
    let steps = tenant.change(vec![
        Change::Create { path: path("visit_report"), properties: map(json!({"label": label})) },
        Change::Create { path: path("visit_report.fields.title"), properties: map(json!({"type": "text", "label": {"zh": "标题"}})) },
        Change::Update { path: path("visit_report.fields.title"), properties: map(json!({"max": 20})), rename: None },
    ]);
    assert_eq!(said(&steps), [(Op::Add, "visit_report"), (Op::Add, "visit_report.fields.title")]);
    assert!(tenant.rows.layers.iter().flat_map(|layer| &layer.elements).all(|element| element.state == State::Active));
    tenant.assert_settled();
}
