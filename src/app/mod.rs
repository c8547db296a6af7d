//! The whole program as a value: state, what can happen to it, what it asks of the world. Pure.

pub mod effect;
pub mod message;
