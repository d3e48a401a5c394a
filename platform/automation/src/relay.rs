//! The relay: what was committed, passed on to who follows it.
