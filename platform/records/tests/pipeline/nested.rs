//! Records within records: one form, one save.

use tenon_diagnostics::InputPath;
use tenon_model::{EdgeKind, LinkEnd};
use tenon_query::Action;
use tenon_query::{LinkWrite, ManyWrite, OneWrite, RecordInput, RecordKey, Target, Write};
use tenon_records::Status;
use tenon_store::LinkRow;
use tenon_value::{RecordId, Value};

use crate::house::{House, everywhere, text, told};

fn line(house: &House, name: &str) -> RecordInput {
    house.input("line", &[("name", text(name))])
}

async fn lines(house: &House, deal: RecordId) -> Vec<(String, RecordId)> {
    let table = house.policy.table(&house.cx.model, house.ix("line"), Action::Read, tenon_access::Place::Root).unwrap();
    let mut tx = house.store.begin(&house.cx).await.unwrap();
    let found = tx.referrers(&table, house.relation("line", "deal"), &[deal], tenon_query::Deleted::Exclude).await.unwrap();
    tx.rollback().await.unwrap();
    let mut lines = Vec::new();
    for (id, _) in found {
        lines.push((house.value("line", id, "name").await.as_text().unwrap().to_owned(), id));
    }
    lines.sort();
    lines
}

async fn people(house: &House, deal: RecordId) -> Vec<LinkRow> {
    let EdgeKind::Linked { link, here } = house.edge("deal", "people") else { panic!("a link") };
    assert_eq!(here, LinkEnd::Source);
    let table = |name| house.policy.table(&house.cx.model, house.ix(name), Action::Read, tenon_access::Place::Root).unwrap();
    let mut tx = house.store.begin(&house.cx).await.unwrap();
    let links = tx.links(link, here, &[deal], (&table("deal"), &table("contact"))).await.unwrap();
    tx.rollback().await.unwrap();
    links
}

#[test]
fn a_deal_is_saved_with_its_account_lines_and_people() {
    everywhere(async |house| {
        let deal = house.input("deal", &[("name", text("Big"))]);
        let account = house.input("account", &[("name", text("Acme"))]);
        let deal = house.with_one("deal", "account", deal, OneWrite::Create(house.ix("account"), Box::new(account)));
        let deal = house.with_many(
            "deal",
            "lines",
            deal,
            ManyWrite { create: vec![line(&house, "a"), line(&house, "b")], ..ManyWrite::default() },
        );
        let EdgeKind::Linked { link, .. } = house.edge("deal", "people") else { panic!("a link") };
        let role = house.cx.model.link(link).unwrap().fields[0].ix;
        let person = LinkWrite {
            to: Err(Box::new(house.input("contact", &[("last_name", text("Li"))]))),
            attributes: vec![(role, text("buyer"))],
            path: InputPath::default(),
        };
        let deal = house.with_many("deal", "people", deal, ManyWrite { link: vec![person], ..ManyWrite::default() });
        let (id, status) = house.one(Write::Create(house.ix("deal"), deal)).await;
        assert_eq!((status, house.get("deal", id).await.version()), (Status::Created, 1));
        let account = house.to("deal", id, "account").await.unwrap();
        assert_eq!(house.value("account", account, "name").await, text("Acme"));
        assert_eq!(lines(&house, id).await.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b"]);
        let people = people(&house, id).await;
        assert_eq!((people.len(), &people[0].attributes), (1, &vec![text("buyer")]));
    });
}

#[test]
fn a_problem_deep_inside_has_its_path_and_saves_nothing() {
    everywhere(async |house| {
        let at = InputPath::default().key("input").key("lines").key("create").index(1);
        let bad = RecordInput { path: at, ..house.input("line", &[]) };
        let deal = house.input("deal", &[]);
        let deal = house.with_many("deal", "lines", deal, ManyWrite { create: vec![line(&house, "a"), bad], ..ManyWrite::default() });
        let problems = house.problems(Write::Create(house.ix("deal"), deal)).await;
        let told: Vec<String> = problems.iter().map(told).collect();
        assert!(told.contains(&"INVALID required name input.name".to_owned()), "{told:?}");
        assert!(told.contains(&"INVALID required name input.lines.create.1.name".to_owned()), "{told:?}");
        assert_eq!((house.count("deal").await, house.count("line").await), (0, 0));
    });
}

#[test]
fn lines_are_changed_removed_and_added_in_one_save() {
    everywhere(async |house| {
        let deal = house.input("deal", &[("name", text("Big"))]);
        let deal = house.with_many(
            "deal",
            "lines",
            deal,
            ManyWrite { create: vec![line(&house, "a"), line(&house, "b"), line(&house, "c")], ..ManyWrite::default() },
        );
        let (id, _) = house.one(Write::Create(house.ix("deal"), deal)).await;
        let before = lines(&house, id).await;
        let write = ManyWrite {
            delete: vec![(before[0].1, InputPath::default())],
            update: vec![(before[1].1, Some(1), line(&house, "b2"))],
            create: vec![line(&house, "d")],
            ..ManyWrite::default()
        };
        let change = house.with_many("deal", "lines", house.input("deal", &[]), write);
        house.one(Write::Update(house.ix("deal"), id, None, change)).await;
        assert_eq!(lines(&house, id).await.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["b2", "c", "d"]);
        assert!(!house.is_live("line", before[0].1).await);
        // A line of another deal is not there to be changed.
        let other = house.create("deal", &[("name", text("Other"))]).await;
        let write = ManyWrite { update: vec![(before[2].1, None, line(&house, "x"))], ..ManyWrite::default() };
        let problems = house
            .problems(Write::Update(house.ix("deal"), other, None, house.with_many("deal", "lines", house.input("deal", &[]), write)))
            .await;
        assert_eq!(told(&problems[0]), "NOT_FOUND - - id");
    });
}

#[test]
fn a_part_cannot_be_left_without_its_whole() {
    everywhere(async |house| {
        let deal = house.input("deal", &[("name", text("Big"))]);
        let deal = house.with_many("deal", "lines", deal, ManyWrite { create: vec![line(&house, "a")], ..ManyWrite::default() });
        let (id, _) = house.one(Write::Create(house.ix("deal"), deal)).await;
        let only = lines(&house, id).await[0].1;
        let write = ManyWrite { disconnect: vec![(only, InputPath::default().key("gone"))], ..ManyWrite::default() };
        let problems = house
            .problems(Write::Update(house.ix("deal"), id, None, house.with_many("deal", "lines", house.input("deal", &[]), write)))
            .await;
        assert_eq!(told(&problems[0]), "INVALID required deal gone.deal");
    });
}

#[test]
fn set_leaves_exactly_the_named_ones() {
    everywhere(async |house| {
        let account = house.create("account", &[("name", text("A"))]).await;
        let mut contacts = Vec::new();
        for name in ["x", "y", "z"] {
            contacts.push(house.create("contact", &[("last_name", text(name))]).await);
        }
        let keys = |ids: &[RecordId]| ids.iter().map(|id| (RecordKey::Id(*id), InputPath::default())).collect::<Vec<_>>();
        for chosen in [&contacts[..2], &contacts[1..]] {
            let write = ManyWrite { set: Some(keys(chosen)), ..ManyWrite::default() };
            let change = house.with_many("account", "contacts", house.input("account", &[]), write);
            house.one(Write::Update(house.ix("account"), account, None, change)).await;
            for contact in &contacts {
                let expected = chosen.contains(contact).then_some(account);
                assert_eq!(house.to("contact", *contact, "account").await, expected);
            }
        }
    });
}

#[test]
fn links_make_a_version_only_where_they_change() {
    everywhere(async |house| {
        let deal = house.create("deal", &[("name", text("Big"))]).await;
        let person = house.create("contact", &[("last_name", text("Li"))]).await;
        let connect = || ManyWrite { connect: vec![(RecordKey::Id(person), InputPath::default())], ..ManyWrite::default() };
        for (expected, version) in [(Status::Updated, 2), (Status::Unchanged, 2)] {
            let change = house.with_many("deal", "people", house.input("deal", &[]), connect());
            let (_, status) = house.one(Write::Update(house.ix("deal"), deal, None, change)).await;
            assert_eq!((status, house.get("deal", deal).await.version()), (expected, version));
        }
        assert_eq!(people(&house, deal).await.len(), 1);
        let gone = ManyWrite { disconnect: vec![(person, InputPath::default())], ..ManyWrite::default() };
        house.one(Write::Update(house.ix("deal"), deal, None, house.with_many("deal", "people", house.input("deal", &[]), gone))).await;
        assert_eq!(people(&house, deal).await.len(), 0);
    });
}

#[test]
fn connect_or_create_makes_one_record_for_equal_keys() {
    everywhere(async |house| {
        let by = Target::Unique(house.key("account", "code"));
        let mut rows = Vec::new();
        for name in ["one", "two", "three"] {
            let account = house.input("account", &[("name", text("Acme")), ("code", text("ACME"))]);
            rows.push(house.with_one(
                "deal",
                "account",
                house.input("deal", &[("name", text(name))]),
                OneWrite::ConnectOrCreate(house.ix("account"), by, Box::new(account)),
            ));
        }
        let rows = house.batch("deal", tenon_query::Batch::Create(rows), tenon_query::BatchMode::Atomic).await.unwrap();
        assert_eq!((rows.len(), house.count("account").await), (3, 1));
        let again = house.input("account", &[("name", text("Other")), ("code", text("acme"))]);
        let deal = house.with_one(
            "deal",
            "account",
            house.input("deal", &[("name", text("four"))]),
            OneWrite::ConnectOrCreate(house.ix("account"), by, Box::new(again)),
        );
        let (deal, _) = house.one(Write::Create(house.ix("deal"), deal)).await;
        let account = house.to("deal", deal, "account").await.unwrap();
        assert_eq!((house.value("account", account, "name").await, house.count("account").await), (Value::text("Acme"), 1));
    });
}
