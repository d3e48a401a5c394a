//! A tenant's metadata as rows: settings, layers of elements, physical names.

pub(crate) mod change;
mod fit;
pub(crate) mod lent;
pub(crate) mod retired;

use std::collections::HashMap;

use indexmap::IndexMap;
use tenon_model::{Element, ElementPath, Layer, ModelVersion, Physical, Place, Property, Settings, State, WeekStart};
use tenon_value::{ElementId, Json, Locale, Name, TenantId, Value};

use crate::db::{Conn, Fault, Shape};
use crate::lower::schema_of;
use crate::{MetadataRows, Store, StoreError};

impl Store {
    /// Everything of a tenant's metadata, as one state.
    ///
    /// # Errors
    /// `Damaged` where what is stored cannot be read; what the database says.
    pub async fn metadata(&self, tenant: TenantId) -> Result<MetadataRows, StoreError> {
        let mut conn = self.reader_apart(tenant).await?;
        conn.limit(None);
        conn.mark(false);
        let schema = schema_of(tenant, self.dialect());
        conn.script(if self.dialect() == crate::Dialect::Postgres { "begin isolation level repeatable read read only" } else { "begin" })
            .await?;
        let rows = read(&mut conn, &schema).await;
        conn.script("rollback").await?;
        conn.mark(true);
        rows.map_err(StoreError::from)
    }

    /// The version of a tenant's model: one cheap statement.
    ///
    /// # Errors
    /// `NoTenant`; what the database says.
    pub async fn model_version(&self, tenant: TenantId) -> Result<ModelVersion, StoreError> {
        let sql = format!("select m.\"version\" from {} as m", self.fixture(tenant, "model"));
        let rows = self.ask(tenant, &sql, &[], &[Shape::Int]).await?;
        let version = rows.first().and_then(|row| row.first()).and_then(Value::as_int).ok_or(StoreError::NoTenant)?;
        Ok(ModelVersion(u64::try_from(version).unwrap_or_default()))
    }
}

/// Reads all rows of metadata.
pub(crate) async fn read(conn: &mut Conn, schema: &str) -> Result<MetadataRows, Fault> {
    let damaged = |what: &str| Fault::Store(StoreError::Damaged(what.to_owned()));
    let model = conn
        .fetch(&format!("select m.\"version\", m.\"settings\" from \"{schema}\".\"model\" as m"), &[], &[Shape::Int, Shape::Json])
        .await?;
    let Some([Value::Int(version), Value::Json(settings)]) = model.first().map(Vec::as_slice) else {
        return Err(damaged("the model's row"));
    };
    let sql = format!(
        "select e.\"package\", e.\"path\", e.\"id\", e.\"properties\", e.\"retired\" from \"{schema}\".\"element\" as e \
         left join \"{schema}\".\"layer\" as l on l.\"package\" = e.\"package\" order by case when e.\"package\" = 'tenant' then 1 else 0 end, l.\"position\", e.\"package\", e.\"position\", e.\"path\""
    );
    let mut layers: Vec<Layer> = Vec::new();
    for row in conn.fetch(&sql, &[], &[Shape::Text, Shape::Text, Shape::Id, Shape::Json, Shape::Bool]).await? {
        let Ok([Value::Text(package), Value::Text(path), Value::Id(id), Value::Json(Json::Object(properties)), Value::Bool(retired)]) =
            <[Value; 5]>::try_from(row)
        else {
            return Err(damaged("an element"));
        };
        let properties: IndexMap<String, Property> =
            properties.into_iter().map(|(key, value)| (key, Property { value, place: Place::Nowhere })).collect();
        let state = if retired { State::Retired } else { State::Active };
        let element = Element { path: ElementPath(path), id: ElementId(id), properties, state, place: Place::Nowhere };
        match layers.last_mut() {
            Some(layer) if layer.package.as_str() == package => layer.elements.push(element),
            _ => layers.push(Layer { package: Name::known(&package), elements: vec![element] }),
        }
    }
    let mut names = HashMap::new();
    for row in
        conn.fetch(&format!("select p.\"element\", p.\"name\" from \"{schema}\".\"physical\" as p"), &[], &[Shape::Id, Shape::Text]).await?
    {
        if let Ok([Value::Id(element), Value::Text(name)]) = <[Value; 2]>::try_from(row) {
            names.insert(ElementId(element), name);
        }
    }
    let version = ModelVersion(u64::try_from(*version).unwrap_or_default());
    Ok(MetadataRows { version, settings: settings_of(settings), layers, physical: Physical { names } })
}

/// Settings as stored.
pub(crate) fn settings_json(settings: &Settings) -> Json {
    serde_json::json!({
        "zone": settings.zone,
        "locale": settings.locale.code(),
        "base_currency": settings.base_currency,
        "week_start": if settings.week_start == WeekStart::Sunday { "sunday" } else { "monday" },
        "fiscal_year_start": settings.fiscal_year_start,
        "cors": settings.cors,
        "audit_retention_days": settings.audit_retention_days,
        "sandbox": settings.sandbox,
    })
}

/// Settings as stored; what is missing is as usual.
fn settings_of(json: &Json) -> Settings {
    let usual = Settings::default();
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    Settings {
        zone: text("zone").unwrap_or(usual.zone),
        locale: text("locale").and_then(|tag| Locale::from_tag(&tag)).unwrap_or(usual.locale),
        base_currency: text("base_currency").unwrap_or(usual.base_currency),
        week_start: if text("week_start").as_deref() == Some("sunday") { WeekStart::Sunday } else { WeekStart::Monday },
        fiscal_year_start: json
            .get("fiscal_year_start")
            .and_then(Json::as_u64)
            .and_then(|month| u8::try_from(month).ok())
            .unwrap_or(usual.fiscal_year_start),
        cors: json
            .get("cors")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(|origin| origin.as_str().map(str::to_owned))
            .collect(),
        audit_retention_days: json.get("audit_retention_days").and_then(Json::as_u64).and_then(|days| u32::try_from(days).ok()),
        sandbox: json.get("sandbox").and_then(Json::as_bool).unwrap_or(usual.sandbox),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_as_they_were_stored() {
        let settings = Settings {
            zone: "America/New_York".to_owned(),
            week_start: WeekStart::Sunday,
            fiscal_year_start: 4,
            audit_retention_days: Some(365),
            cors: vec!["https://a.example".to_owned()],
            ..Settings::default()
        };
        assert_eq!(settings_of(&settings_json(&settings)), settings);
    }
}
