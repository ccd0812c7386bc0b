//! The server without a socket: who is let in, what is answered, and that it is what the OpenAPI document says.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod access;
mod answers;
mod maps;
mod schema;
mod support;
