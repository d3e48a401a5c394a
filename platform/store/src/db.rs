//! What is between SQL text and the drivers: arguments out, cells in, one place that runs statements.

pub(crate) mod arg;
pub(crate) mod bulk;
pub(crate) mod conn;
pub(crate) mod fault;
pub(crate) mod files;
pub(crate) mod line;
pub(crate) mod numeric;
pub(crate) mod pgslot;
pub(crate) mod pool;
pub(crate) mod postgres;
pub(crate) mod shape;
pub(crate) mod slot;
pub(crate) mod sqlite;
pub(crate) mod statements;

pub(crate) use arg::{Arg, Kind, Scalar};
pub(crate) use bulk::{Bulk, Target};
pub(crate) use conn::Conn;
pub(crate) use fault::Fault;
pub(crate) use shape::Shape;
