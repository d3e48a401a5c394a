//! models for tests
