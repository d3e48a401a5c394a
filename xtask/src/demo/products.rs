//! What is sold: products in families, and the two price books they are listed in.

use serde_json::{Value, json};

use super::load::{World, connect, kind, money};

/// Families: name, SKU prefix, kind, unit, price from, price to.
const FAMILIES: [(&str, &str, &str, &str, i64, i64); 5] = [
    ("工业网关 Gateways", "GW", "GOODS", "台", 1_800, 9_600),
    ("传感器 Sensors", "SN", "GOODS", "个", 120, 2_400),
    ("云平台 Cloud", "CL", "SUBSCRIPTION", "月", 900, 12_000),
    ("实施服务 Services", "SV", "SERVICE", "人天", 1_200, 3_600),
    ("备件 Spare parts", "SP", "GOODS", "件", 40, 900),
];

/// Series a family comes in.
const SERIES: [&str; 8] = ["A1", "A2", "B1", "B3", "C5", "X2", "X4", "Pro"];

/// A product that can be put on a deal's line.
pub(super) struct Good {
    /// Its id.
    pub(super) id: String,
    /// Its list price in whole CNY.
    pub(super) price: i64,
}

/// Makes them.
pub(super) fn fill(world: &mut World) -> anyhow::Result<Vec<Good>> {
    let mut rows = Vec::new();
    let mut prices = Vec::new();
    for (family, prefix, goods_kind, unit, low, high) in FAMILIES {
        for series in SERIES {
            let price = world.chance.between(low / 10, high / 10) * 10;
            let short = family.split(' ').next().unwrap_or(family);
            rows.push(json!({
                "name": format!("{short} {series}"), "sku": format!("{prefix}-{series}").to_uppercase(), "kind": goods_kind,
                "family": family, "unit": unit, "listPrice": money(price, "CNY"), "cost": money(price * 6 / 10, "CNY"),
                "taxRate": if goods_kind == "GOODS" { "13.00" } else { "6.00" },
                "status": if world.chance.percent(8) { "DISCONTINUED" } else { "ACTIVE" },
                "hasSerialNumber": goods_kind == "GOODS" && price > 1_000,
            }));
            prices.push(price);
        }
    }
    let ids = world.create(&kind("Product", "Products"), &rows)?;
    let goods: Vec<Good> = ids.into_iter().zip(prices).map(|(id, price)| Good { id, price }).collect();
    price_books(world, &goods)?;
    Ok(goods)
}

fn price_books(world: &mut World, goods: &[Good]) -> anyhow::Result<()> {
    let book = |name: &str, share: i64, standard: bool| {
        let entry = |good: &Good| json!({ "product": connect(&good.id), "unitPrice": money(good.price * share / 100, "CNY"), "maxDiscount": "15.00" });
        let entries: Vec<Value> = goods.iter().map(entry).collect();
        json!({ "name": name, "isStandard": standard, "entries": { "create": entries } })
    };
    let rows = [book("标准价 Standard", 100, true), book("渠道价 Channel", 82, false)];
    world.create(&kind("PriceBook", "PriceBooks"), &rows)?;
    Ok(())
}
