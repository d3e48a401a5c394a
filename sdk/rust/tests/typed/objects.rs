//! Made by `tenon plugin typegen`. Do not edit: make it again.
#![allow(dead_code, unreachable_pub, reason = "a plugin need not use all it asks for")]

use tenon_sdk::{Change, Fields, Value};

/// 船 / Boat: a change or a record of `yacht_boat`.
#[derive(Clone, Copy, Debug)]
pub struct YachtBoat<R>(pub R);

impl YachtBoat<()> {
    /// API name of the object.
    pub const OBJECT: &str = "yacht_boat";
}

impl<R: Fields> YachtBoat<R> {
    /// 长度 / Length.
    #[must_use]
    pub fn length(&self) -> Option<tenon_sdk::Decimal> {
        match self.0.field("length")? {
            Value::Decimal(value) => Some(*value),
            _ => None,
        }
    }

    /// 类型 / Type.
    #[must_use]
    pub fn r#type(&self) -> Option<&str> {
        match self.0.field("type")? {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }

    /// 配置 / Features.
    #[must_use]
    pub fn features(&self) -> Option<&[String]> {
        match self.0.field("features")? {
            Value::Choices(value) => Some(value),
            _ => None,
        }
    }

    /// 价格 / Price.
    #[must_use]
    pub fn price(&self) -> Option<&tenon_sdk::Money> {
        match self.0.field("price")? {
            Value::Money(value) => Some(value),
            _ => None,
        }
    }

    /// 建造日期 / Built on.
    #[must_use]
    pub fn built(&self) -> Option<tenon_sdk::Date> {
        match self.0.field("built")? {
            Value::Date(value) => Some(*value),
            _ => None,
        }
    }

    /// 泊位 / Berth.
    #[must_use]
    pub fn berth(&self) -> Option<&tenon_sdk::Reference> {
        match self.0.field("berth")? {
            Value::Reference(value) => Some(value),
            _ => None,
        }
    }
}

impl YachtBoat<&mut Change> {
    /// Sets 类型 / Type; `None` clears it.
    pub fn set_type<'v>(&mut self, value: impl Into<Option<&'v str>>) {
        match value.into() {
            Some(value) => self.0.set("type", value),
            None => self.0.clear("type"),
        }
    }

    /// Sets 价格 / Price; `None` clears it.
    pub fn set_price(&mut self, value: impl Into<Option<tenon_sdk::Money>>) {
        match value.into() {
            Some(value) => self.0.set("price", value),
            None => self.0.clear("price"),
        }
    }
}

/// Codes of `yacht_boat.type`.
pub mod yacht_boat_type {
    /// 帆船 / Sail.
    pub const SAIL: &str = "sail";
    /// 机动船 / Motor.
    pub const MOTOR: &str = "motor";
}

/// Codes of `yacht_boat.features`.
pub mod yacht_boat_features {
    /// 雷达 / Radar.
    pub const RADAR: &str = "radar";
}
