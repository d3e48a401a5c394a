//! The values a statement is bound with: the request's, and what is known of who asks.

use tenon_context::{OpContext, Standing};
use tenon_query::{Param, Params};
use tenon_value::{DateTime, Value};

/// Values of one operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    params: &'a Params,
    mine: &'a Standing,
    /// Business time.
    pub(crate) now: DateTime,
}

impl<'a> Values<'a> {
    pub(crate) fn of(cx: &'a OpContext, params: &'a Params) -> Self {
        Self::new(params, &cx.principal.standing, cx.now)
    }

    pub(crate) const fn new(params: &'a Params, mine: &'a Standing, now: DateTime) -> Self {
        Self { params, mine, now }
    }

    /// A value; `Null`, which compares with nothing, where there is none.
    pub(crate) fn get(&self, param: Param) -> &'a Value {
        match param {
            Param::Request(place) => self.params.at(place),
            Param::Mine(fact) => self.mine.get(fact).unwrap_or(&Value::Null),
            // Put into the statement by its lowering: it never comes here.
            Param::Literal(_) => &Value::Null,
        }
    }
}
