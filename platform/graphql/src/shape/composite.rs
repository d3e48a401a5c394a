//! Values made of parts: money, rich text, place, address, secret, page info.

use tenon_model::{Field, FieldKind};
use tenon_value::{Address, Decimal, Geo, Json, Locale, Value};

use super::{Out, Scene, Sub, leaf, rich};
use crate::files::FileLinks;

impl Out {
    /// `{ … }` of a selection, each part by name.
    pub(crate) fn subs(&mut self, subs: &[Sub<'_>], type_name: &str, mut part: impl FnMut(&mut Self, &Sub<'_>)) {
        self.object(subs, |sub| sub.key, |out, sub| if sub.name == "__typename" { out.plain(type_name) } else { part(out, sub) });
    }

    fn maybe(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// A composite value of a field.
    pub(crate) fn composite(&mut self, field: &Field, value: &Value, subs: &[Sub<'_>], scene: &Scene<'_>) {
        match (&field.kind, value) {
            (FieldKind::Secret, value) => self.secret(value, subs),
            (_, Value::Null) => self.null(),
            (FieldKind::Money { scale, .. }, Value::Money(money)) => self.money(money.amount, &money.currency, money.base, (*scale, subs)),
            (FieldKind::RichText, Value::Text(markdown)) => self.subs(subs, "RichText", |out, sub| match sub.name {
                "html" => out.text(&rich::to_html(markdown)),
                "text" => out.text(&rich::to_text(markdown)),
                _ => out.text(markdown),
            }),
            (_, Value::Geo(geo)) => self.geo(*geo, subs),
            (FieldKind::File | FieldKind::Image, Value::Json(facts)) => self.file(facts, subs, scene.files),
            (_, Value::Address(address)) => self.address(address, subs, scene.locale),
            _ => self.null(),
        }
    }

    pub(crate) fn money(&mut self, amount: Decimal, currency: &str, base: Option<Decimal>, (scale, subs): (u8, &[Sub<'_>])) {
        self.subs(subs, "Money", |out, sub| match sub.name {
            "amount" => leaf::decimal(out, amount, scale),
            "currency" => out.text(currency),
            _ => match base {
                Some(base) => leaf::decimal(out, base, scale),
                None => out.null(),
            },
        });
    }

    fn geo(&mut self, geo: Geo, subs: &[Sub<'_>]) {
        self.subs(subs, "Geo", |out, sub| out.value(&Value::Float(if sub.name == "lat" { geo.lat } else { geo.lng })));
    }

    fn file(&mut self, facts: &Json, subs: &[Sub<'_>], links: &FileLinks) {
        let text = |name: &str| facts.get(name).and_then(Json::as_str).unwrap_or_default();
        self.subs(subs, "File", |out, sub| match sub.name {
            "id" => out.text(text("id")),
            "name" => out.text(text("name")),
            "mimeType" => out.text(text("mime_type")),
            "size" => out.json(facts.get("size").unwrap_or(&Json::Null)),
            "sha256" => out.text(text("sha256")),
            "url" => out.maybe(links.file(text("id"), sub).as_deref()),
            _ => out.maybe(links.thumbnail(text("id"), text("mime_type"), sub).as_deref()),
        });
    }

    fn secret(&mut self, value: &Value, subs: &[Sub<'_>]) {
        let parts = if let Value::List(parts) = value { parts.as_slice() } else { std::slice::from_ref(value) };
        let set_at = parts.iter().find_map(|part| if let Value::DateTime(at) = part { Some(*at) } else { None });
        let is_set = set_at.is_some() || parts.iter().any(|part| matches!(part, Value::Bool(true)));
        self.subs(subs, "SecretState", |out, sub| match (sub.name, set_at) {
            ("isSet", _) => out.number(is_set),
            (_, Some(at)) => out.plain(at),
            _ => out.null(),
        });
    }

    fn address(&mut self, address: &Address, subs: &[Sub<'_>], locale: Locale) {
        self.subs(subs, "Address", |out, sub| match sub.name {
            "country" => out.maybe(address.country.as_deref()),
            "region" => out.maybe(address.region.as_deref()),
            "city" => out.maybe(address.city.as_deref()),
            "district" => out.maybe(address.district.as_deref()),
            "street" => out.maybe(address.street.as_deref()),
            "postalCode" => out.maybe(address.postal_code.as_deref()),
            "location" => match address.location {
                Some(location) => out.geo(location, &sub.below),
                None => out.null(),
            },
            _ => out.text(&formatted(address, sub.argument.as_deref().and_then(Locale::from_tag).unwrap_or(locale))),
        });
    }
}

/// One line, from large to small in Chinese and from small to large in English.
fn formatted(address: &Address, locale: Locale) -> String {
    let Address { country, region, city, district, street, postal_code, .. } = address;
    let (parts, between) = match locale {
        // In municipalities 省 and 市 are the same word; it is said once.
        Locale::Zh => ([postal_code, &None, region, if city == region { &None } else { city }, district, street], ""),
        Locale::En => ([street, district, city, region, postal_code, country], ", "),
    };
    let text = parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(between);
    match (locale, postal_code) {
        (Locale::Zh, Some(code)) => text.replacen(code.as_str(), &format!("{code} "), 1).trim().to_owned(),
        _ => text,
    }
}
