//! Filters, order, pages, and what is fetched with each row.

use tenon_model::{EdgeKind, LinkEnd, Part};
use tenon_query::{
    ColumnRef, CompareOp, Cursor, Deleted, Direction, FetchMany, FetchOne, Match, Order, Output, Page, Param, Params, Predicate,
    Quantifier, RefOp, Select, SetOp, Slot, SortBy, Sorting, Window,
};
use tenon_store::LinkRow;
use tenon_value::{Geo, RecordId, Uuid, Value};

use crate::house::{House, decimal, houses, id, numbers};

fn text(text: &str) -> Value {
    Value::text(text)
}

fn by(house: &House, object: &str, field: &str, sorting: Sorting) -> Order {
    let ix = house.field(object, field);
    let part = house.object(object).field(ix).unwrap().order_part();
    Order { by: SortBy::Column { field: ix, part }, sorting }
}

fn select(house: &House, object: &str, filter: Option<Predicate>) -> Select {
    Select {
        table: house.table(object),
        filter,
        deleted: Deleted::Exclude,
        order: vec![by(house, object, "id", Sorting::Asc)],
        window: Window::All,
        output: Output::default(),
        count: None,
    }
}

/// Five deals: texts, decimals, sets and places differ; the last is empty.
async fn five(house: &House) {
    house
        .insert(
            "account",
            vec![house.record("account", 100, &[("name", text("Acme"))]), house.record("account", 101, &[("name", text("Bolt"))])],
        )
        .await;
    let set = |codes: &[&str]| Value::List(codes.iter().map(|code| text(code)).collect());
    let place = |lat: f64, lng: f64| Value::Geo(Geo { lat, lng });
    house
        .insert(
            "deal",
            vec![
                house.record(
                    "deal",
                    1,
                    &[
                        ("name", text("Alpha_1")),
                        ("rate", decimal("1.00")),
                        ("stage", text("won")),
                        ("tags", set(&["hot"])),
                        ("site", place(31.23, 121.47)),
                        ("account", id(100)),
                    ],
                ),
                house.record(
                    "deal",
                    2,
                    &[
                        ("name", text("alpha%2")),
                        ("rate", decimal("1.01")),
                        ("stage", text("open")),
                        ("tags", set(&["hot", "cold"])),
                        ("site", place(39.9, 116.4)),
                        ("account", id(100)),
                        ("extra", Value::Json(serde_json::json!({"a": {"b": 1.0}}))),
                    ],
                ),
                house.record(
                    "deal",
                    3,
                    &[
                        ("name", text("Beta")),
                        ("rate", decimal("-2.50")),
                        ("stage", text("lost")),
                        ("site", place(0.0, 179.5)),
                        ("account", id(101)),
                    ],
                ),
                house.record(
                    "deal",
                    4,
                    &[
                        ("name", text("贝塔")),
                        ("rate", decimal("99.99")),
                        ("stage", text("won")),
                        ("tags", set(&["cold"])),
                        ("is_key", Value::Bool(true)),
                    ],
                ),
                house.record("deal", 5, &[]),
            ],
        )
        .await;
}

async fn found(house: &House, predicate: Predicate, params: &Params) -> Vec<u128> {
    let plain = numbers(&house.select(select(house, "deal", Some(predicate.clone())), params).await);
    // `not` selects exactly the others: three-valued logic never leaks out.
    let others = numbers(&house.select(select(house, "deal", Some(Predicate::Not(Box::new(predicate)))), params).await);
    let mut all = [plain.clone(), others].concat();
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3, 4, 5]);
    plain
}

#[tokio::test]
async fn comparisons_treat_null_as_a_value_and_numbers_exactly() {
    for house in houses().await {
        five(&house).await;
        let rate = ColumnRef::whole(house.field("deal", "rate"));
        let cases = [
            (CompareOp::Eq, "1.01", vec![2]),
            (CompareOp::Eq, "1.010", vec![2]),
            (CompareOp::Eq, "1.005", vec![]),
            (CompareOp::Ne, "1.005", vec![1, 2, 3, 4, 5]),
            (CompareOp::Ne, "1.01", vec![1, 3, 4, 5]),
            (CompareOp::Gt, "1.005", vec![2, 4]),
            (CompareOp::Gte, "1.005", vec![2, 4]),
            (CompareOp::Lt, "1.005", vec![1, 3]),
            (CompareOp::Lte, "1.00", vec![1, 3]),
            (CompareOp::Lt, "-2.499", vec![3]),
            (CompareOp::Gt, "-2.501", vec![1, 2, 3, 4]),
            (CompareOp::Lt, "123456789012345678901234567890", vec![1, 2, 3, 4]),
            (CompareOp::Gt, "-123456789012345678901234567890", vec![1, 2, 3, 4]),
        ];
        for (op, number, expected) in cases {
            let mut params = Params::default();
            // Numbers beyond 18 digits are refused at the doors; here they must only not lie.
            let value = number.parse().map_or_else(
                |_| Value::Decimal(tenon_value::Decimal::new(if number.starts_with('-') { -1 } else { 1 } * 10_i128.pow(29), 0)),
                Value::Decimal,
            );
            let with = params.push(value);
            assert_eq!(found(&house, Predicate::Compare { column: rate, op, with }, &params).await, expected, "{op:?} {number}");
        }
        let mut params = Params::default();
        let list = params.push(Value::List(vec![decimal("1"), decimal("99.99"), decimal("1.005")]));
        assert_eq!(found(&house, Predicate::In { column: rate, list }, &params).await, [1, 4]);
        assert_eq!(found(&house, Predicate::IsNull(rate), &Params::default()).await, [5]);
        assert_eq!(found(&house, Predicate::All(vec![]), &Params::default()).await, [1, 2, 3, 4, 5]);
        assert_eq!(found(&house, Predicate::Any(vec![]), &Params::default()).await, Vec::<u128>::new());
    }
}

#[tokio::test]
async fn texts_are_looked_for_literally() {
    for house in houses().await {
        five(&house).await;
        let field = house.field("deal", "name");
        let cases = [
            (Part::Whole, Match::Contains, "a_1", vec![1]),
            (Part::Whole, Match::Contains, "", vec![1, 2, 3, 4]),
            (Part::Whole, Match::StartsWith, "Al", vec![1]),
            (Part::Fold, Match::StartsWith, "al", vec![1, 2]),
            (Part::Whole, Match::EndsWith, "2", vec![2]),
            (Part::Whole, Match::EndsWith, "", vec![1, 2, 3, 4]),
            (Part::Whole, Match::EndsWith, "a longer text than any", vec![]),
            (Part::Whole, Match::Like, "%a", vec![3]),
            (Part::Whole, Match::Like, "alpha\\%_", vec![2]),
            (Part::Whole, Match::Like, "ALPHA%", vec![]),
            (Part::Whole, Match::Like, "贝_", vec![4]),
            (Part::Whole, Match::Like, "x\\", vec![]),
            (Part::Fold, Match::Contains, "贝", vec![4]),
        ];
        for (part, how, wanted, expected) in cases {
            let mut params = Params::default();
            let wanted_param = params.push(text(wanted));
            let predicate = Predicate::Match { column: ColumnRef { field, part }, how, text: wanted_param };
            assert_eq!(found(&house, predicate, &params).await, expected, "{how:?} {wanted}");
        }
    }
}

#[tokio::test]
async fn sets_json_and_places_are_filtered_alike() {
    for house in houses().await {
        five(&house).await;
        let (tags, extra, site) = (house.field("deal", "tags"), house.field("deal", "extra"), house.field("deal", "site"));
        let codes = |codes: &[&str]| Value::List(codes.iter().map(|code| text(code)).collect());
        for (op, wanted, expected) in [
            (SetOp::HasAny, codes(&["hot", "warm"]), vec![1, 2]),
            (SetOp::HasAll, codes(&["hot", "cold"]), vec![2]),
            (SetOp::HasAll, codes(&[]), vec![1, 2, 3, 4, 5]),
            (SetOp::HasNone, codes(&["hot"]), vec![3, 4, 5]),
        ] {
            let mut params = Params::default();
            let list = params.push(wanted);
            assert_eq!(found(&house, Predicate::Set { field: tags, op, codes: list }, &params).await, expected, "{op:?}");
        }
        assert_eq!(found(&house, Predicate::SetIsEmpty(tags), &Params::default()).await, [3, 5]);

        let mut params = Params::default();
        let (path, one) = (params.push(codes(&["a", "b"])), params.push(Value::Json(serde_json::json!(1))));
        assert_eq!(found(&house, Predicate::JsonAt { field: extra, path, value: Some(one) }, &params).await, [2]);
        assert_eq!(found(&house, Predicate::JsonAt { field: extra, path, value: None }, &params).await, [1, 3, 4, 5]);

        // Shanghai to Beijing is about 1,067 km.
        for (meters, expected) in [(1_000, vec![1]), (1_060_000, vec![1]), (1_075_000, vec![1, 2]), (30_000_000, vec![1, 2, 3])] {
            let mut params = Params::default();
            let (center, meters) = (params.push(Value::Geo(Geo { lat: 31.23, lng: 121.47 })), params.push(Value::Int(meters)));
            assert_eq!(found(&house, Predicate::Near { field: site, center, meters }, &params).await, expected);
        }
        let mut params = Params::default();
        let (south_west, north_east) =
            (params.push(Value::Geo(Geo { lat: -10.0, lng: 170.0 })), params.push(Value::Geo(Geo { lat: 10.0, lng: -170.0 })));
        assert_eq!(found(&house, Predicate::InBox { field: site, south_west, north_east }, &params).await, [3]);
    }
}

#[tokio::test]
async fn relations_are_filtered_through_what_is_visible() {
    for house in houses().await {
        five(&house).await;
        let (account, name) = (house.relation("deal", "account"), house.field("account", "name"));
        let mut params = Params::default();
        let acme = params.push(text("Acme"));
        let is_acme = Predicate::equals(name, Part::Whole, acme);
        let to_one = |table| Predicate::ToOne { relation: account, table, holds: Box::new(is_acme.clone()) };
        assert_eq!(found(&house, to_one(house.table("account")), &params).await, [1, 2]);
        let hidden = house.table_of("account", Predicate::Not(Box::new(is_acme.clone())));
        assert_eq!(found(&house, to_one(hidden), &params).await, Vec::<u128>::new());
        let ids = params.push(Value::List(vec![id(101), id(7)]));
        assert_eq!(found(&house, Predicate::Ref { relation: account, op: RefOp::In(ids) }, &params).await, [3]);
        assert_eq!(found(&house, Predicate::Ref { relation: account, op: RefOp::IsNull }, &params).await, [4, 5]);

        let won = params.push(text("won"));
        let is_won = Predicate::equals(house.field("deal", "stage"), Part::Whole, won);
        for (quantifier, expected) in [(Quantifier::Some, vec![100]), (Quantifier::None, vec![101]), (Quantifier::Every, vec![])] {
            let edge = EdgeKind::Children { object: house.object("deal").ix, relation: account };
            let many = Predicate::ToMany { edge, table: house.table("deal"), quantifier, holds: Box::new(is_won.clone()), link: None };
            assert_eq!(numbers(&house.select(select(&house, "account", Some(many)), &params).await), expected, "{quantifier:?}");
        }
    }
}

fn page(house: &House, params: &mut Params, size: i64, direction: Direction, around: (Option<Cursor>, Option<Cursor>)) -> Select {
    let order = vec![by(house, "deal", "rate", Sorting::Desc), by(house, "deal", "id", Sorting::Asc)];
    let size = params.push(Value::Int(size));
    let window = Window::Page { size, direction, after: around.0, before: around.1, exact_ends: true };
    let output = Output { slots: vec![Slot::OrderTerm(0), Slot::OrderTerm(1)], ..Output::default() };
    let count = Some(params.push(Value::Int(3)));
    Select { order, window, output, count, ..select(house, "deal", None) }
}

fn cursor(params: &mut Params, row: &tenon_query::Row) -> Cursor {
    let nulls = row.values.iter().enumerate().filter(|(_, value)| value.is_null()).fold(0, |nulls, (place, _)| nulls | 1 << place);
    Cursor { values: row.values.iter().map(|value| params.push(value.clone())).collect::<Vec<Param>>(), nulls }
}

#[tokio::test]
async fn pages_follow_each_other_both_ways_over_nulls() {
    for house in houses().await {
        five(&house).await;
        // By rate, largest first, nulls last: 4 2 1 3 5.
        let mut seen = Vec::new();
        let mut last: Option<tenon_query::Row> = None;
        loop {
            let mut params = Params::default();
            let after = last.as_ref().map(|row| cursor(&mut params, row));
            let read: Page = {
                let plan = page(&house, &mut params, 2, Direction::Forward, (after, None));
                house.select(plan, &params).await
            };
            assert_eq!(read.count, Some((3, false)));
            assert_eq!(read.has_previous, last.is_some());
            seen.extend(numbers(&read));
            last = read.rows.last().cloned();
            if !read.has_next {
                break;
            }
        }
        assert_eq!(seen, [4, 2, 1, 3, 5]);
        let mut params = Params::default();
        let last = last.unwrap();
        let before = cursor(&mut params, &last);
        let plan = page(&house, &mut params, 3, Direction::Backward, (None, Some(before)));
        let read = house.select(plan, &params).await;
        assert_eq!((numbers(&read), read.has_previous, read.has_next), (vec![2, 1, 3], true, true));
    }
}

#[tokio::test]
async fn choices_sort_in_declared_order_and_over_relations() {
    for house in houses().await {
        five(&house).await;
        let plan = Select {
            order: vec![by(&house, "deal", "stage", Sorting::DescNullsFirst), by(&house, "deal", "id", Sorting::Asc)],
            ..select(&house, "deal", None)
        };
        assert_eq!(numbers(&house.select(plan, &Params::default()).await), [5, 3, 1, 4, 2]);
        let SortBy::Column { field, part } = by(&house, "account", "name", Sorting::Asc).by else { panic!() };
        let over = SortBy::ToOne {
            relation: house.relation("deal", "account"),
            table: house.table("account"),
            by: Box::new(SortBy::Column { field, part }),
        };
        let plan = Select {
            order: vec![Order { by: over, sorting: Sorting::Desc }, by(&house, "deal", "id", Sorting::Desc)],
            ..select(&house, "deal", None)
        };
        assert_eq!(numbers(&house.select(plan, &Params::default()).await), [3, 2, 1, 5, 4]);
    }
}

#[tokio::test]
async fn lists_are_fetched_with_their_parents_one_page_each() {
    for house in houses().await {
        five(&house).await;
        let cx = house.cx();
        let link = match house.object("deal").relation_named("partners").unwrap().shape {
            tenon_model::RelationShape::Many(link) => link,
            other => panic!("{other:?}"),
        };
        let mut tx = house.store.begin(&cx).await.unwrap();
        let row = |deal: u128, account: u128| LinkRow {
            source: RecordId(Uuid::from_u128(deal)),
            target: RecordId(Uuid::from_u128(account)),
            attributes: vec![text("r"), Value::Null],
        };
        tx.link_put(&cx, link, &[row(1, 100), row(1, 101), row(2, 101)], (&house.table("deal"), &house.table("account"))).await.unwrap();
        tx.commit().await.unwrap();

        let mut params = Params::default();
        let (size, cap) = (params.push(Value::Int(1)), params.push(Value::Null));
        let window = Window::Page { size, direction: Direction::Forward, after: None, before: None, exact_ends: false };
        let deals = Select { window: window.clone(), count: Some(cap), ..select(&house, "deal", None) };
        let edge = EdgeKind::Children { object: house.object("deal").ix, relation: house.relation("deal", "account") };
        let partner_deals = Select {
            output: Output { slots: vec![Slot::LinkField(tenon_model::FieldIx(0)), Slot::LinkCreatedAt], ..Output::default() },
            ..select(&house, "deal", None)
        };
        let many = |edge, select| FetchMany { edge, ancestors: false, depth_max: None, select };
        let output = Output {
            manys: vec![many(edge, deals), many(EdgeKind::Linked { link, here: LinkEnd::Target }, partner_deals)],
            ..Output::default()
        };
        let read = house.select(Select { output, ..select(&house, "account", None) }, &params).await;
        let first: Vec<_> = read.rows.iter().map(|row| (numbers(&row.manys[0]), row.manys[0].has_next, row.manys[0].count)).collect();
        assert_eq!(first, [(vec![1], true, Some((2, true))), (vec![3], false, Some((1, true)))]);
        assert_eq!(read.rows.iter().map(|row| numbers(&row.manys[1])).collect::<Vec<_>>(), [vec![1], vec![1, 2]]);
        assert_eq!(read.rows[0].manys[1].rows[0].values[0], text("r"));

        let name = Output { slots: vec![Slot::Field(house.field("account", "name"))], ..Output::default() };
        let one = FetchOne { relation: house.relation("deal", "account"), table: house.table("account"), output: name };
        let read =
            house.select(Select { output: Output { ones: vec![one], ..Output::default() }, ..select(&house, "deal", None) }, &params).await;
        let names: Vec<Option<Value>> = read.rows.iter().map(|row| row.ones[0].as_ref().map(|account| account.values[0].clone())).collect();
        assert_eq!(names, [Some(text("Acme")), Some(text("Acme")), Some(text("Bolt")), None, None]);
    }
}

#[tokio::test]
async fn trees_are_walked_both_ways() {
    for house in houses().await {
        // 1 ← 2 ← 3, 1 ← 4, and 5 alone.
        let account = |number: u128, parent: Option<u128>| {
            house.record("account", number, &[("name", text(&number.to_string())), ("parent", parent.map_or(Value::Null, id))])
        };
        house
            .insert("account", vec![account(1, None), account(2, Some(1)), account(3, Some(2)), account(4, Some(1)), account(5, None)])
            .await;
        let relation = house.relation("account", "parent");
        let mut params = Params::default();
        let root = params.push(id(1));
        let within = |inclusive| Predicate::Within { table: house.table("account"), relation, root, inclusive };
        assert_eq!(numbers(&house.select(select(&house, "account", Some(within(true))), &params).await), [1, 2, 3, 4]);
        assert_eq!(numbers(&house.select(select(&house, "account", Some(within(false))), &params).await), [2, 3, 4]);
        let two = params.push(id(2));
        let below = Predicate::Ref { relation, op: RefOp::Within(two) };
        assert_eq!(numbers(&house.select(select(&house, "account", Some(below)), &params).await), [3]);
        let depth = params.push(Value::Int(1));
        let fetch = |ancestors, depth_max| FetchMany {
            edge: EdgeKind::Descendants { relation },
            ancestors,
            depth_max,
            select: select(&house, "account", None),
        };
        let output = Output {
            slots: vec![Slot::TreeDepth],
            manys: vec![fetch(false, None), fetch(false, Some(depth)), fetch(true, None)],
            ..Output::default()
        };
        let read = house.select(Select { output, ..select(&house, "account", None) }, &params).await;
        assert_eq!(read.rows.iter().map(|row| row.values[0].clone()).collect::<Vec<_>>(), [0, 1, 2, 1, 0].map(Value::Int));
        assert_eq!(numbers(&read.rows[0].manys[0]), [2, 3, 4]);
        assert_eq!(numbers(&read.rows[0].manys[1]), [2, 4]);
        assert_eq!(numbers(&read.rows[2].manys[2]), [2, 1]);
        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        let above = tx.ancestors(&house.table("account"), relation, RecordId(Uuid::from_u128(3))).await.unwrap();
        assert_eq!(above, [2, 1].map(|number| RecordId(Uuid::from_u128(number))));
        let some = Predicate::ToMany {
            edge: EdgeKind::Descendants { relation },
            table: house.table("account"),
            quantifier: Quantifier::Some,
            holds: Box::new(Predicate::yes()),
            link: None,
        };
        assert_eq!(numbers(&house.select(select(&house, "account", Some(some)), &params).await), [1, 2]);
    }
}

#[tokio::test]
async fn an_object_nobody_wrote_to_is_empty() {
    for house in houses().await {
        let edge = EdgeKind::Children { object: house.object("deal").ix, relation: house.relation("deal", "account") };
        let many = FetchMany { edge, ancestors: false, depth_max: None, select: select(&house, "deal", None) };
        let output = Output { manys: vec![many], ..Output::default() };
        assert!(
            house.select(Select { output: output.clone(), ..select(&house, "account", None) }, &Params::default()).await.rows.is_empty()
        );
        house.insert("account", vec![house.record("account", 1, &[("name", text("a"))])]).await;
        let read = house.select(Select { output, ..select(&house, "account", None) }, &Params::default()).await;
        assert!(read.rows[0].manys[0].rows.is_empty());
        assert!(house.store.doctor(&house.model).await.unwrap().is_empty());
    }
}
