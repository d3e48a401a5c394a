//! Calls to a host outside, as the job is told to make them; what came of it becomes a tag.

use tenon_sdk::prelude::*;

/// What lets somebody in at an endpoint.
pub(crate) fn is_withheld(name: &str) -> bool {
    ["authorization", "cookie"].contains(&name)
}

fn note(how: &str, said: &str) -> Result<Outcome, Error> {
    records::create("tag", &[("name", format!("{how}: {said}").into())])?;
    Ok(Outcome::done())
}

/// An answer, or the rule of what was in its way.
fn told(answer: Result<http::Response, Problem>) -> String {
    match answer {
        Ok(answer) => format!("{} {}", answer.status, answer.text()),
        Err(problem) => format!("{} {}", problem.code, problem.rule.unwrap_or_default()),
    }
}

fn get(path: &str) -> Result<http::Response, Problem> {
    http::Request::get("shop", path).send()
}

pub(crate) fn obey(how: &str) -> Result<Outcome, Error> {
    let said = match how {
        // The host says back what it was sent; the plugin would tell everybody.
        "echo" => {
            let request = http::Request::post("shop", "/v1/echo").header("authorization", ["Bearer ".into(), http::secret("api_key")]);
            let answer = told(request.query("q", ["a&b".into()]).body(["hello".into()]).send());
            log::info(&answer);
            answer
        }
        "slow" => told(get("/v1/slow")),
        "moved" => told(get("/v1/moved")),
        "much" => told(get("/v1/much")),
        "nowhere" => told(http::Request::get("closed", "/v1/echo").send()),
        "other path" => told(get("/v2/echo")),
        "other method" => told(http::Request::new("shop", "DELETE", "/v1/echo").send()),
        "other host" => told(http::Request::get("unknown", "/v1/echo").send()),
        "steps back" => told(get("/v1/../v2/echo")),
        "secret elsewhere" => told(http::Request::get("shop", "/v1/echo").header("x-echo", [http::secret("api_key")]).send()),
        "secret to another" => told(http::Request::get("closed", "/v1/echo").header("authorization", [http::secret("api_key")]).send()),
        "own header" => told(http::Request::get("shop", "/v1/echo").header("host", ["evil.example".into()]).send()),
        // Writes before, between and after: each is there once.
        "write and call" => {
            records::create("tag", &[("name", "before".into())])?;
            let first = told(http::Request::post("shop", "/v1/count").body(["1".into()]).send());
            records::create("tag", &[("name", "between".into())])?;
            let second = told(http::Request::post("shop", "/v1/count").body(["2".into()]).send());
            format!("{first}, {second}")
        }
        "flood" => {
            for _ in 0..30 {
                get("/v1/count")?;
            }
            "never".to_owned()
        }
        "fail after" => {
            http::Request::post("shop", "/v1/count").body(["3".into()]).send()?;
            return Err(Error::Failed("and then it broke".to_owned()));
        }
        other => other.to_owned(),
    };
    note(how, &said)
}
