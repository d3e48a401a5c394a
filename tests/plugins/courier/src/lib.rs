//! A plugin that reaches beyond records: settings, secrets by name.

use tenon_sdk::prelude::*;

struct Courier;

impl Hooks for Courier {
    fn act(&self, action: &str, input: &Json) -> Result<Json, Error> {
        match action {
            "ask" => Ok(Json::object([("said", ask(input).unwrap_or_else(|problem| problem.code).into())])),
            other => Err(Error::Failed(format!("there is no {other}"))),
        }
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
}
