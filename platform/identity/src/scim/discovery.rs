//! What a client can ask of us: `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas` (RFC 7643 §5 to §7).

use serde_json::json;
use tenon_value::Json;

use super::error::ScimError;
use super::list::COUNT_MAX;
use super::schema::{
    ENTERPRISE, ENTERPRISE_ATTRIBUTES, GROUP, GROUP_ATTRIBUTES, ROLES, ROLES_ATTRIBUTES, ResourceKind, USER, USER_ATTRIBUTES, described,
};

/// `/ServiceProviderConfig`.
pub(crate) fn config(base: &str) -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": COUNT_MAX },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "Service key", "primary": true,
            "description": "The key of a service whose role has the special right `users`, as a bearer token",
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}

fn resource_type(kind: ResourceKind, base: &str) -> Json {
    let extensions: Vec<Json> = kind.extensions().iter().map(|(schema, _)| json!({ "schema": schema, "required": false })).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": kind.word(), "name": kind.word(), "endpoint": format!("/{}", kind.endpoint()), "schema": kind.schema(),
        "description": match kind { ResourceKind::User => "Members of the staff", ResourceKind::Group => "Groups, which give roles" },
        "schemaExtensions": extensions,
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.word()) },
    })
}

fn schema(id: &str, base: &str) -> Option<Json> {
    let (name, about, attributes) = match id {
        USER => ("User", "User account", USER_ATTRIBUTES),
        GROUP => ("Group", "Group", GROUP_ATTRIBUTES),
        ENTERPRISE => ("EnterpriseUser", "Enterprise user", ENTERPRISE_ATTRIBUTES),
        ROLES => ("GroupRoles", "Roles that a group gives", ROLES_ATTRIBUTES),
        _ => return None,
    };
    Some(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id, "name": name, "description": about, "attributes": described(attributes),
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") },
    }))
}

fn listed(all: Vec<Json>) -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": all.len(), "startIndex": 1, "itemsPerPage": all.len(), "Resources": all,
    })
}

/// `/ResourceTypes`, or one of them.
pub(crate) fn resource_types(id: Option<&str>, base: &str) -> Result<Json, ScimError> {
    let kinds = [ResourceKind::User, ResourceKind::Group];
    match id {
        None => Ok(listed(kinds.iter().map(|kind| resource_type(*kind, base)).collect())),
        Some(id) => {
            let kind = kinds.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(id)).ok_or_else(|| ScimError::not_found(id))?;
            Ok(resource_type(kind, base))
        }
    }
}

/// `/Schemas`, or one of them.
pub(crate) fn schemas(id: Option<&str>, base: &str) -> Result<Json, ScimError> {
    match id {
        None => Ok(listed([USER, GROUP, ENTERPRISE, ROLES].iter().filter_map(|id| schema(id, base)).collect())),
        Some(id) => schema(id, base).ok_or_else(|| ScimError::not_found(id)),
    }
}
