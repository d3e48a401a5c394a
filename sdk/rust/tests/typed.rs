//! Types made by `tenon plugin typegen`, as a plugin uses them. The file is what the program writes: its own tests say so.

#[path = "typed/objects.rs"]
mod objects;

use objects::{YachtBoat, yacht_boat_features, yacht_boat_type};
use tenon_sdk::{Date, Decimal, Money, records, testing};

#[test]
fn a_change_is_read_and_set_by_type() {
    let mut change = testing::update(YachtBoat::OBJECT)
        .before("type", yacht_boat_type::SAIL)
        .after("type", yacht_boat_type::SAIL)
        .after("length", Decimal::from(12))
        .after("features", vec![yacht_boat_features::RADAR.to_owned()])
        .build();
    let mut boat = YachtBoat(&mut change);
    assert_eq!((boat.r#type(), boat.length(), boat.built()), (Some("sail"), Some(Decimal::from(12)), None));
    assert_eq!(boat.features(), Some(["radar".to_owned()].as_slice()));
    boat.set_type(yacht_boat_type::MOTOR);
    boat.set_price(Money::new(Decimal::from(5), "CNY"));
    assert_eq!((boat.r#type(), boat.price().map(|price| price.currency.as_str())), (Some("motor"), Some("CNY")));
    boat.set_price(None);
    assert_eq!(boat.price(), None);
    assert_eq!(change.text("type"), Some("motor"));
}

#[test]
fn a_record_is_read_by_type() {
    testing::put_record(YachtBoat::OBJECT, "7", &[("built", Date::from_days(0).into())]);
    let boat = YachtBoat(records::get(YachtBoat::OBJECT, "7").unwrap().unwrap());
    assert_eq!((boat.built(), boat.berth()), (Some(Date::from_days(0)), None));
}
