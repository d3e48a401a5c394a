//! Stands in until the server can be started in process.
