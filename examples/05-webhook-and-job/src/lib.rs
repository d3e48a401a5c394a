//! Orders of a web shop: a signed webhook brings them, a job confirms them at the shop with a key nobody here ever sees.

use tenon_sdk::prelude::*;

struct Webshop;

impl Hooks for Webshop {
    /// `POST /t/TENANT/x/webshop/orders`: the signature was checked before we are asked.
    fn answer(&self, _endpoint: &str, request: &http::Incoming) -> Result<http::Response, Error> {
        let Ok(order) = request.json() else { return Ok(http::Response::new(400)) };
        let Some(number) = order.at("number").text() else { return Ok(http::Response::new(400)) };
        let mut values = vec![("number", number.into()), ("customer", order.at("customer").text().unwrap_or_default().into())];
        if let Some(amount) = order.at("total").decimal() {
            let currency = order.at("currency").text().unwrap_or("CNY").to_owned();
            values.push(("total", Money { amount, currency }.into()));
        }
        let saved = records::create_or_get("webshop_order", "by_number", &values)?;
        // Part of the same transaction: an order is there with its job, or not at all.
        if saved.created {
            jobs::start("confirm", &Json::object([("order", saved.id.into())]).to_string(), None, Some(number))?;
        }
        Ok(http::Response::new(if saved.created { 201 } else { 200 }))
    }

    /// Confirms one order. It calls first and writes afterwards: while the shop is waited for, no transaction is open.
    fn run(&self, _job: &str, input: &Json, _cursor: Option<&str>) -> Result<Outcome, Error> {
        let id = input.at("order").text().unwrap_or_default();
        let Some(order) = records::get("webshop_order", id)? else { return Ok(Outcome::done()) };
        let path = format!("/v1/orders/{}/confirm", order.text("number").unwrap_or_default());
        let answer = http::Request::post("shop", &path)
            .header("authorization", ["Bearer ".into(), http::secret("api_key")])
            .json(&Json::object([("warehouse", config::get("warehouse")?)]))
            .send()?;
        if !answer.is_good() {
            // Tried again later, under the same idempotency key.
            return Err(Error::Failed(format!("the shop answered {}: {}", answer.status, answer.text())));
        }
        let receipt = answer.json().ok().and_then(|json| json.at("receipt").text().map(str::to_owned)).unwrap_or_default();
        records::update("webshop_order", id, Some(order.version), &[("state", "confirmed".into()), ("receipt", receipt.into())])?;
        Ok(Outcome::done())
    }
}

tenon_sdk::export! {
    Webshop,
    endpoint: orders POST "/orders" hmac(hook_key) in "x-shop-signature",
    job: confirm,
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    #[test]
    fn an_order_comes_in_once_and_is_confirmed() {
        let body = br#"{"number":"W-1","customer":"Lin","total":"12.50"}"#.to_vec();
        let request = http::Incoming { method: "POST".into(), path: "/orders".into(), body, ..http::Incoming::default() };
        assert_eq!(Webshop.answer("orders", &request).unwrap().status, 201);
        let left = testing::jobs().remove(0);
        assert_eq!((left.job.as_str(), left.key.as_deref()), ("confirm", Some("W-1")));

        testing::set_setting("warehouse", "north".into());
        testing::answer_http(|_| http::Response::new(200).with_json(&Json::object([("receipt", "R-7".into())])));
        assert_eq!(Webshop.run("confirm", &left.input.parse().unwrap(), None), Ok(Outcome::done()));
        let call = testing::http_calls().remove(0);
        assert_eq!((call.path.as_str(), &call.body[0]), ("/v1/orders/W-1/confirm", &r#"{"warehouse":"north"}"#.into()));
        assert_eq!(call.headers[0].1, ["Bearer ".into(), http::secret("api_key")]);
    }

    #[test]
    fn a_shop_that_is_down_is_asked_again() {
        let order = records::create("webshop_order", &[("number", "W-2".into())]).unwrap();
        testing::answer_http(|_| http::Response::new(503));
        let input = Json::object([("order", order.id.into())]);
        assert!(matches!(Webshop.run("confirm", &input, None), Err(Error::Failed(_))));
    }

    #[test]
    fn what_is_no_order_is_told_so() {
        assert_eq!(Webshop.answer("orders", &http::Incoming::default()).unwrap().status, 400);
    }
}
