//! TLS with a certificate that is known beforehand: its fingerprint stands in the join link, and the
//! one certificate that has it is taken, whoever has signed it and whatever name is in it.
//!
//! A lab has no name that the web's authorities could vouch for, and needs none: who has the link has
//! it from the experimenter. So nobody between a participant and the lab can read along or take the
//! lab's place, in a local network without names or internet too.
//!
//! What this crate deliberately does not do: it makes no certificate and accepts no connection; the
//! lab does (`dyad-collector`). Fingerprints are SHA-256 over a certificate's DER, which every tool
//! shows: `openssl x509 -noout -fingerprint -sha256`.
//!
//! Modules: [`pin`], which certificate is taken; [`mod@agent`], HTTP requests over such connections.

pub mod agent;
pub mod pin;

pub use agent::agent;
pub use pin::{client, explain, fingerprint, is_another, provider};
