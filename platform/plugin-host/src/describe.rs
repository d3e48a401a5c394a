//! Reads what a component says of itself: package, version, where it wants to be asked.

use tenon_hooks::{EndpointAuth, EndpointOffer, FunctionOffer, JobOffer, LifeMoment, Operation, Param, ParamKind, Phase, is_plain};
use tenon_value::{Cron, Json, Name};

use crate::limits::Size;
use crate::{Computed, LoadError, OnFault, Subscription, since_1};

/// The only form of description there is.
const FORMAT: i64 = 1;
/// Actions or jobs of a plugin, values of an action.
const FUNCTIONS_MAX: usize = 100;
/// Letters of an endpoint's path.
const PATH_LETTERS: usize = 200;
/// Letters of a version.
const VERSION_LETTERS: usize = 64;

/// A component's own words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Description {
    pub name: String,
    pub version: String,
    pub size: Size,
    pub subscriptions: Vec<Subscription>,
    pub computed: Vec<Computed>,
    pub actions: Vec<FunctionOffer>,
    pub queries: Vec<FunctionOffer>,
    pub jobs: Vec<JobOffer>,
    pub endpoints: Vec<EndpointOffer>,
    pub lifecycle: Vec<LifeMoment>,
}

/// Reads the contents of the section.
pub(crate) fn read(section: &[u8]) -> Result<Description, LoadError> {
    let wrong = |what: &str| LoadError::Undescribed(what.to_owned());
    let text = std::str::from_utf8(section).map_err(|_| wrong("its description is no text"))?;
    let json: Json = text.parse().map_err(|_| wrong("its description is no JSON"))?;
    if json.get("format").and_then(Json::as_i64) != Some(FORMAT) {
        return Err(wrong("its description has another format than 1"));
    }
    fits(word(&json, "contract")?)?;
    let name = word(&json, "package")?.replace('-', "_");
    if name.parse::<Name>().is_err() {
        return Err(wrong(&format!("`{}` is no name of a package", name.escape_default())));
    }
    let version = word(&json, "version")?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    if version.is_empty() || version.len() > VERSION_LETTERS || !version.chars().all(plain) {
        return Err(wrong("its version is none"));
    }
    let hooks = json.get("hooks").and_then(Json::as_array).ok_or_else(|| wrong("`hooks` is missing"))?;
    let subscriptions = hooks.iter().map(subscription).collect::<Result<_, _>>()?;
    let size = match json.get("size").and_then(Json::as_str) {
        None => Size::Small,
        Some(size) => Size::from_word(size).ok_or_else(|| wrong("its size is neither `small` nor `large`"))?,
    };
    let called = |key: &str| listed(&json, key)?.iter().map(|one| function(&name, one)).collect::<Result<Vec<_>, LoadError>>();
    let (actions, queries) = (called("actions")?, called("queries")?);
    // Both would be called by one name.
    if let Some(twice) = queries.iter().find(|query| actions.iter().any(|action| action.name == query.name)) {
        return Err(wrong(&format!("`{}` is both an action and a query", twice.name)));
    }
    let jobs = listed(&json, "jobs")?.iter().map(|job| self::job(&name, job)).collect::<Result<_, _>>()?;
    let endpoints = listed(&json, "endpoints")?.iter().map(|one| endpoint(&name, one)).collect::<Result<_, _>>()?;
    let computed = json.get("computed").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    if computed.len() > FUNCTIONS_MAX {
        return Err(wrong(&format!("it computes more than {FUNCTIONS_MAX} fields")));
    }
    let computed = computed.iter().map(|one| self::computed(&name, one)).collect::<Result<_, _>>()?;
    let lifecycle = lifecycle(&json)?;
    Ok(Description { version: version.to_owned(), name, size, subscriptions, computed, actions, queries, jobs, endpoints, lifecycle })
}

/// The moments of its package's life that it is called at.
fn lifecycle(json: &Json) -> Result<Vec<LifeMoment>, LoadError> {
    let listed = json.get("lifecycle").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut moments = Vec::new();
    for moment in listed {
        let word = moment.as_str().unwrap_or_default();
        let unknown = || LoadError::Undescribed(format!("`{}` is no moment of a package's life", word.escape_default()));
        let moment = LifeMoment::from_word(word).ok_or_else(unknown)?;
        if !moments.contains(&moment) {
            moments.push(moment);
        }
    }
    Ok(moments)
}

/// Functions, or values of one, by their member; none where it is absent.
fn listed<'j>(json: &'j Json, key: &str) -> Result<&'j [Json], LoadError> {
    let list = json.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    if list.len() > FUNCTIONS_MAX {
        return Err(LoadError::Undescribed(format!("`{key}` has more than {FUNCTIONS_MAX} entries")));
    }
    // Two of one name would be one too many to call.
    let name = |one: &'j Json| one.get("name").and_then(Json::as_str);
    match list.iter().enumerate().find(|(at, one)| list.iter().take(*at).any(|other| name(other) == name(one))) {
        Some((_, twice)) => {
            Err(LoadError::Undescribed(format!("`{}` stands twice in `{key}`", name(twice).unwrap_or_default().escape_default())))
        }
        None => Ok(list),
    }
}

fn function_name(json: &Json) -> Result<String, LoadError> {
    let name = word(json, "name")?;
    match name.parse::<Name>() {
        Ok(_) => Ok(name.to_owned()),
        Err(_) => Err(LoadError::Undescribed(format!("`{}` is no name", name.escape_default()))),
    }
}

/// A field that is the package's own, on its own object or another's: nobody else computes it.
fn computed(package: &str, json: &Json) -> Result<Computed, LoadError> {
    let (object, field) = (word(json, "object")?, word(json, "field")?);
    let is_own = |name: &str| name.strip_prefix(package).is_some_and(|rest| rest.starts_with('_'));
    if !is_own(object) && !is_own(field) {
        let words = format!("it computes `{}.{}`, which is not its own", object.escape_default(), field.escape_default());
        return Err(LoadError::Undescribed(words));
    }
    let from = json.get("from").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let from: Vec<String> = from.iter().filter_map(Json::as_str).map(str::to_owned).collect();
    if from.is_empty() || from.len() > FUNCTIONS_MAX || from.iter().any(|name| name == field) {
        return Err(LoadError::Undescribed(format!("`{}` says of no other fields that it is made of them", field.escape_default())));
    }
    Ok(Computed { object: object.to_owned(), field: field.to_owned(), from })
}

fn function(package: &str, json: &Json) -> Result<FunctionOffer, LoadError> {
    let params = |key: &str| listed(json, key)?.iter().map(param).collect::<Result<Vec<_>, _>>();
    Ok(FunctionOffer { package: package.to_owned(), name: function_name(json)?, input: params("input")?, output: params("output")? })
}

fn param(json: &Json) -> Result<Param, LoadError> {
    let kind = word(json, "type")?;
    let is = |key: &str| json.get(key).and_then(Json::as_bool).unwrap_or_default();
    let unknown = || LoadError::Undescribed(format!("`{}` is no type of a value", kind.escape_default()));
    let kind = ParamKind::from_word(kind).ok_or_else(unknown)?;
    Ok(Param { name: function_name(json)?, kind, many: is("many"), required: is("required") })
}

fn job(package: &str, json: &Json) -> Result<JobOffer, LoadError> {
    let cron = json.get("cron").and_then(Json::as_str);
    if let Some(cron) = cron
        && let Err(error) = cron.parse::<Cron>()
    {
        return Err(LoadError::Undescribed(format!("`{}` is no time of the calendar: {error}", cron.escape_default())));
    }
    Ok(JobOffer { package: package.to_owned(), name: function_name(json)?, cron: cron.map(str::to_owned) })
}

/// Methods of an endpoint.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

fn endpoint(package: &str, json: &Json) -> Result<EndpointOffer, LoadError> {
    let name = function_name(json)?;
    let wrong = |what: &str| LoadError::Undescribed(format!("its endpoint `{name}` {what}"));
    let (method, path, auth) = (word(json, "method")?, word(json, "path")?, word(json, "auth")?);
    if !METHODS.contains(&method) {
        return Err(wrong(&format!("has a method that is none of {}", METHODS.join(", "))));
    }
    if path.len() < 2 || path.len() > PATH_LETTERS || !is_plain(path) {
        return Err(wrong("has no path such as `/orders`"));
    }
    let secret = || json.get("secret").and_then(Json::as_str).map(str::to_owned).ok_or_else(|| wrong("names no secret"));
    let auth = match auth {
        "none" => EndpointAuth::None,
        "key" => EndpointAuth::Key,
        "webhook" => EndpointAuth::Webhook { secret: secret()? },
        "hmac" => {
            let header = json.get("header").and_then(Json::as_str).unwrap_or_default().to_ascii_lowercase();
            let is_token = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
            if header.is_empty() || !header.chars().all(is_token) {
                return Err(wrong("names no header for the signature"));
            }
            EndpointAuth::Hmac { secret: secret()?, header }
        }
        _ => return Err(wrong("lets in by none of `none`, `key`, `hmac`, `webhook`")),
    };
    Ok(EndpointOffer { package: package.to_owned(), name: name.clone(), method: method.to_owned(), path: path.to_owned(), auth })
}

/// An older host cannot know what a younger contract added, so the linker's word is not enough.
fn fits(contract: &str) -> Result<(), LoadError> {
    let (package, version) = contract.split_once('@').unwrap_or((contract, ""));
    let mut numbers = version.split('.');
    let major = numbers.next().unwrap_or_default();
    let minor: Option<u32> = numbers.next().and_then(|minor| minor.parse().ok());
    if package == since_1::PACKAGE && major == since_1::MAJOR && minor.is_some_and(|minor| since_1::MINORS.contains(&minor)) {
        return Ok(());
    }
    let (wanted, ours) = (contract.escape_default(), format!("{}@{}.{}", since_1::PACKAGE, since_1::MAJOR, since_1::MINORS.end()));
    Err(LoadError::Contract(format!("it is written for `{wanted}`, this is `{ours}`")))
}

fn subscription(hook: &Json) -> Result<Subscription, LoadError> {
    let unknown = |word: &str| LoadError::Undescribed(format!("`{}` is not known here", word.escape_default()));
    let phase = word(hook, "phase")?;
    let phase = Phase::from_word(phase).filter(|known| Phase::OF_RECORDS.contains(known)).ok_or_else(|| unknown(phase))?;
    let object = word(hook, "object")?.to_owned();
    let listed = hook.get("operations").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut operations = Vec::new();
    for operation in listed {
        let operation = operation.as_str().unwrap_or_default();
        operations.push(Operation::from_word(operation).ok_or_else(|| unknown(operation))?);
    }
    let on_fault = match hook.get("on_fault").and_then(Json::as_str) {
        None => OnFault::Refuse,
        Some(word) => OnFault::from_word(word).ok_or_else(|| unknown(word))?,
    };
    Ok(Subscription { object, phase, operations, on_fault })
}

fn word<'a>(json: &'a Json, key: &str) -> Result<&'a str, LoadError> {
    json.get(key).and_then(Json::as_str).ok_or_else(|| LoadError::Undescribed(format!("`{key}` is missing")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read_as_the_sdk_writes_it() {
        let text = br#"{"format":1,"package":"deal-score","version":"1.2.0-rc.1","contract":"tenon:plugin@1.0.0",
            "hooks":[{"phase":"before_save","object":"opportunity","operations":["create","update"]}]}"#;
        let description = read(text).unwrap();
        assert_eq!((description.name.as_str(), description.version.as_str()), ("deal_score", "1.2.0-rc.1"));
        let expected = Subscription {
            object: "opportunity".to_owned(),
            phase: Phase::BeforeSave,
            operations: vec![Operation::Create, Operation::Update],
            on_fault: OnFault::Refuse,
        };
        assert_eq!(description.subscriptions, [expected]);
    }

    #[test]
    fn a_wrong_description_is_refused() {
        let wrong = [
            "",
            "\u{0}",
            "[]",
            r#"{"format":2,"contract":"tenon:plugin@1.0.0","package":"a","version":"1","hooks":[]}"#,
            r#"{"format":1,"contract":"tenon:plugin@1.0.0","package":"A b","version":"1","hooks":[]}"#,
            r#"{"format":1,"contract":"tenon:plugin@1.0.0","package":"a","version":"<1>","hooks":[]}"#,
            r#"{"format":1,"contract":"tenon:plugin@1.0.0","package":"a","version":"1"}"#,
            r#"{"format":1,"contract":"tenon:plugin@1.0.0","package":"a","version":"1","hooks":[{"phase":"after_sale","object":"x","operations":["create"]}]}"#,
            r#"{"format":1,"contract":"tenon:plugin@1.0.0","package":"a","version":"1","hooks":[{"phase":"before_save","object":"x","operations":["insert"]}]}"#,
            r#"{"format":1,"contract":"tenon:plugin@1.0.0","package":"a","version":"1","size":"huge","hooks":[]}"#,
            r#"{"format":1,"contract":"tenon:plugin@1.0.0","package":"a","version":"1","hooks":[{"phase":"before_save","object":"x","operations":["create"],"on_fault":"ignore"}]}"#,
        ];
        for text in wrong {
            assert!(matches!(read(text.as_bytes()), Err(LoadError::Undescribed(_))), "{text}");
        }
        assert!(read(&[0xff]).is_err());
    }

    #[test]
    fn a_plugin_says_at_which_moments_of_its_package_it_is_called() {
        let with = |moments: &str| {
            let text =
                format!(r#"{{"format":1,"contract":"tenon:plugin@1.0.0","package":"a","version":"1","hooks":[],"lifecycle":[{moments}]}}"#);
            read(text.as_bytes()).map(|description| description.lifecycle)
        };
        assert_eq!(with(r#""upgrade","install","upgrade""#), Ok(vec![LifeMoment::Upgrade, LifeMoment::Install]));
        assert!(matches!(with(r#""retire""#), Err(LoadError::Undescribed(_))) && with("7").is_err());
    }

    #[test]
    fn an_endpoint_says_where_it_lies_and_who_is_let_in() {
        let with = |endpoint: &str| {
            let text = format!(
                r#"{{"format":1,"contract":"tenon:plugin@1.0.0","package":"a","version":"1","hooks":[],"endpoints":[{endpoint}]}}"#
            );
            read(text.as_bytes()).map(|mut description| description.endpoints.remove(0))
        };
        let signed = with(r#"{"name":"orders","method":"POST","path":"/orders","auth":"hmac","secret":"key","header":"X-Sig"}"#).unwrap();
        assert_eq!(signed.auth, EndpointAuth::Hmac { secret: "key".to_owned(), header: "x-sig".to_owned() });
        assert_eq!((signed.package.as_str(), signed.method.as_str(), signed.path.as_str()), ("a", "POST", "/orders"));
        for wrong in [
            r#"{"name":"o","method":"TRACE","path":"/o","auth":"none"}"#,
            r#"{"name":"o","method":"GET","path":"/","auth":"none"}"#,
            r#"{"name":"o","method":"GET","path":"/../o","auth":"none"}"#,
            r#"{"name":"o","method":"GET","path":"/o","auth":"magic"}"#,
            r#"{"name":"o","method":"GET","path":"/o","auth":"webhook"}"#,
            r#"{"name":"o","method":"GET","path":"/o","auth":"hmac","secret":"key"}"#,
        ] {
            assert!(matches!(with(wrong), Err(LoadError::Undescribed(_))), "{wrong}");
        }
    }

    #[test]
    fn a_computed_field_is_the_package_s_own_and_made_of_others() {
        let with = |computed: &str| {
            let text = format!(
                r#"{{"format":1,"contract":"tenon:plugin@1.0.0","package":"acme","version":"1","hooks":[],"computed":[{computed}]}}"#
            );
            read(text.as_bytes()).map(|mut description| description.computed.remove(0))
        };
        let health = with(r#"{"object":"account","field":"acme_health","from":["rating"]}"#).unwrap();
        assert_eq!((health.field.as_str(), health.from), ("acme_health", vec!["rating".to_owned()]));
        assert!(with(r#"{"object":"acme_machine","field":"age","from":["built_on"]}"#).is_ok());
        for wrong in [
            r#"{"object":"account","field":"rating","from":["name"]}"#,
            r#"{"object":"account","field":"acmehealth","from":["name"]}"#,
            r#"{"object":"account","field":"acme_health","from":[]}"#,
            r#"{"object":"account","field":"acme_health","from":["acme_health"]}"#,
            r#"{"object":"account","from":["name"]}"#,
        ] {
            assert!(matches!(with(wrong), Err(LoadError::Undescribed(_))), "{wrong}");
        }
    }

    #[test]
    fn a_plugin_for_a_younger_contract_waits_for_a_younger_host() {
        for contract in ["tenon:plugin@1.1.0", "tenon:plugin@2.0.0", "tenon:plugin@0.9.0", "tenon:plugin", "acme:plugin@1.0.0"] {
            let text = format!(r#"{{"format":1,"contract":"{contract}","package":"a","version":"1","hooks":[]}}"#);
            assert!(matches!(read(text.as_bytes()), Err(LoadError::Contract(_))), "{contract}");
        }
    }
}
