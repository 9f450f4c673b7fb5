//! May this request pass, now? Tokens, rules, the decision and its reasons.
//!
//! One pure function, [`decide`], answers every door at admission and every change for as long as a connection lasts.
//! It is told the time and whatever had to be counted, looked up or checked elsewhere; where it needs such a fact first
//! it asks for it. Only a decision makes a [`Permit`], and nothing is published or played without one.
//!
//! ```text
//! Request ─┐
//! Facts   ─┤             ┌─ Admit(Permit) ── Admitted<T> ── hub, protocols
//! Policy  ─┼─ decide() ──┼─ Deny(Denial)  ── the reason, as each protocol says it
//! now     ─┘             └─ Ask(Question) ── answered by the gate, then decided again
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

mod address;
mod agent;
mod decide;
mod form;
mod host;
pub mod key;
pub mod lint;
mod origin;
mod permit;
mod place;
pub mod policy;
mod reason;
pub mod rules;
#[cfg(feature = "signature")]
pub mod signature;
mod text;
mod time;
pub mod token;

pub use address::{NetworkError, block, fold, network, networks};
pub use agent::{AgentClaim, AgentError, AgentPattern, Searcher};
pub use decide::{
    Binding, Credential, Decision, Door, Facts, Opaque, Presence, Question, Request, Step, StepOutcome, Use, Verdict,
    Whose, decide, explain, judge_rules, marks, proven, turn_away,
};
pub use form::{Form, visible};
pub use host::{Host, HostError, HostPattern, referrer};
pub use key::{IngestKeyDigest, VerifyingKey};
pub use origin::{OriginError, OriginPattern};
pub use permit::{Admitted, End, Grant, Permit, Word};
pub use place::{Asn, Country, Place, PlaceError};
pub use policy::{Policy, Update};
pub use reason::{Denial, Reason, Said};
pub use time::Timestamp;
pub use token::Token;
