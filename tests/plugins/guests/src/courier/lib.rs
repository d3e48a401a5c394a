//! A plugin that reaches beyond records: settings, secrets by name, hosts outside, endpoints for those who are outside, queries, computed fields.
//! Much of it should not be done.

mod calls;
mod made;
mod questions;

use tenon_sdk::prelude::*;

struct Courier;

impl Hooks for Courier {
    fn act(&self, action: &str, input: &Json) -> Result<Json, Error> {
        match action {
            "ask" => Ok(Json::object([("said", ask(input).unwrap_or_else(|problem| problem.code).into())])),
            "send" => {
                let id = jobs::start("call", &Json::object([("how", input.at("how").clone())]).to_string(), None, None)?;
                Ok(Json::object([("id", id.into())]))
            }
            // In a save nobody is waited for.
            "rush" => Ok(Json::object([("status", i64::from(http::Request::get("shop", "/v1/echo").send()?.status).into())])),
            other => Err(Error::Failed(format!("there is no {other}"))),
        }
    }

    fn compute(&self, _object: &str, field: &str, record: &Record) -> Result<Value, Error> {
        if field == "courier_size" { Ok(made::size(record)) } else { made::odd(record) }
    }

    fn resolve(&self, query: &str, input: &Json) -> Result<Json, Error> {
        match query {
            "peek" => questions::peek(input),
            "tagged" => questions::tagged(input),
            _ => questions::astray(input.at("how").text().unwrap_or_default()),
        }
    }

    fn run(&self, _job: &str, input: &Json, _cursor: Option<&str>) -> Result<Outcome, Error> {
        calls::obey(input.at("how").text().unwrap_or_default())
    }

    fn answer(&self, endpoint: &str, request: &http::Incoming) -> Result<http::Response, Error> {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        match (endpoint, body.as_str()) {
            ("open", "refuse") => return Err(Refusal::new("not like this").rule("NOT_LIKE_THIS").into()),
            ("open", "panic") => panic!("the plugin's own secret"),
            ("open", "elsewhere") => return Ok(http::Response::new(301)),
            ("open", "cookie") => {
                let headers = vec![("set-cookie".to_owned(), "a=b".to_owned())];
                return Ok(http::Response { headers, ..http::Response::new(200) });
            }
            ("open", "gone") => return Ok(http::Response::new(410)),
            _ => {}
        }
        let shown: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).filter(|name| calls::is_withheld(name)).collect();
        let made = records::create("tag", &[("name", format!("{endpoint}: {body}").into())]);
        let said = match &made {
            Ok(_) => "made".to_owned(),
            Err(problem) => problem.code.clone(),
        };
        let page = request.parameter("page").unwrap_or_default().to_owned();
        let answer = Json::object([("said", said.into()), ("page", page.into()), ("shown", shown.concat().into())]);
        Ok(http::Response::new(200).with_json(&answer))
    }
}

/// What the host says of a setting, or of something done with a secret: in words.
fn ask(input: &Json) -> Result<String, Problem> {
    let word = |name: &str| input.at(name).text().unwrap_or_default().to_owned();
    let (name, data) = (word("name"), word("data"));
    Ok(match word("what").as_str() {
        "setting" => config::get(&name)?.to_string(),
        "is set" => secrets::is_set(&name)?.to_string(),
        "hmac" => hexadecimal(&secrets::hmac(&name, data.as_bytes())?),
        "verify" => secrets::verify(&name, data.as_bytes(), &secrets::hmac("shop_key", data.as_bytes())?)?.to_string(),
        "sign" => secrets::sign(&name, data.as_bytes())?.len().to_string(),
        "round trip" => {
            let sealed = secrets::encrypt(&name, data.as_bytes())?;
            let opened = secrets::decrypt(&name, &sealed)?.map(|opened| String::from_utf8_lossy(&opened).into_owned());
            opened.filter(|_| sealed != data.as_bytes()).unwrap_or_default()
        }
        other => other.to_owned(),
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

tenon_sdk::export! {
    Courier,
    action: ask { what: text required, name: text, data: text } -> { said: text },
    action: send { how: text required } -> { id: id },
    action: rush {} -> { status: integer },
    computed: account.courier_size from [employee_count],
    computed: account.courier_odd from [name, courier_size, website],
    query: peek { object: text required, id: id required } -> { said: text },
    query: tagged { starts: text } -> { names: text many, total: integer },
    query: astray { how: text required } -> { said: text },
    job: call,
    endpoint: signed POST "/signed" hmac(shop_key) in "x-sig",
    endpoint: events POST "/events" webhook(shop_key),
    endpoint: mine POST "/mine" key,
    endpoint: open POST "/open" none,
}
