//! Routes with their inventory: a route cannot be added without being listed.
//!
//! The attack suite reads the list and wants a case for each door. Invariant: only this file calls `Router::route`.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, Route, any, on};
use tower::{Layer, Service};

use crate::app::App;

/// The methods a door may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Looks.
    Get,
    /// Does.
    Post,
    /// Puts in place.
    Put,
    /// Changes a part.
    Patch,
    /// Takes away.
    Delete,
    /// Whatever the handler takes.
    Any,
}

impl Method {
    /// As HTTP writes it; `ANY` for all.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Any => "ANY",
        }
    }
}

/// A method at a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Door {
    /// `/t/{tenant}/members/{id}`.
    pub path: String,
    /// How it is knocked at.
    pub method: Method,
}

/// A router that remembers what was put into it.
pub(crate) struct Doors {
    router: Router<App>,
    doors: Vec<Door>,
}

impl Doors {
    pub(crate) fn new() -> Self {
        Self { router: Router::new(), doors: Vec::new() }
    }

    /// One method at a path; another method at the same path is another call.
    pub(crate) fn on<H, T>(mut self, method: Method, path: &str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let routed = match method {
            Method::Get => on(MethodFilter::GET, handler),
            Method::Post => on(MethodFilter::POST, handler),
            Method::Put => on(MethodFilter::PUT, handler),
            Method::Patch => on(MethodFilter::PATCH, handler),
            Method::Delete => on(MethodFilter::DELETE, handler),
            Method::Any => any(handler),
        };
        self.router = self.router.route(path, routed);
        self.doors.push(Door { path: path.to_owned(), method });
        self
    }

    pub(crate) fn get<H: Handler<T, App>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(Method::Get, path, handler)
    }

    pub(crate) fn post<H: Handler<T, App>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(Method::Post, path, handler)
    }

    pub(crate) fn put<H: Handler<T, App>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(Method::Put, path, handler)
    }

    pub(crate) fn patch<H: Handler<T, App>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(Method::Patch, path, handler)
    }

    pub(crate) fn delete<H: Handler<T, App>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(Method::Delete, path, handler)
    }

    /// What answers the other methods of a path that is there already: no door, since it opens nothing.
    pub(crate) fn otherwise<H: Handler<T, App>, T: 'static>(mut self, path: &str, handler: H) -> Self {
        self.router = self.router.route(path, axum::routing::MethodRouter::new().fallback(handler));
        self
    }

    /// A layer around what was put in so far.
    pub(crate) fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request, Error: Into<Infallible> + 'static, Response: IntoResponse + 'static, Future: Send + 'static>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        self.router = self.router.layer(layer);
        self
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.doors.extend(other.doors);
        self
    }

    /// Everything of another below a path.
    pub(crate) fn nest(mut self, path: &str, other: Self) -> Self {
        self.router = self.router.nest(path, other.router);
        self.doors.extend(other.doors.into_iter().map(|door| Door { path: format!("{path}{}", door.path), ..door }));
        self
    }

    /// The router, once everything is in it.
    pub(crate) fn into_router(self) -> Router<App> {
        self.router
    }

    /// What was put in.
    pub(crate) fn into_list(self) -> Vec<Door> {
        self.doors
    }
}
