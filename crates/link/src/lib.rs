//! What the planes say to each other, and how it gets there.
//!
//! Towards the media nodes go changes, each acknowledged by every node once it acts on it. A node that joins is given
//! the whole policy as it stands. Towards the control plane go events; when it falls behind, heartbeats are dropped
//! before anything else, what was dropped is counted, and who came or went is told later. Questions go up too, where a decision hangs on what only the
//! control plane or a customer knows; what is not answered in time is as good as refused. Here the way is memory, within
//! one process.
//!
//! ```text
//! Control ── changes, acknowledged ──▶ Node
//! Control ◀───────── events ────────── Node
//! Control ◀── questions, answered ──── Node
//! ```

mod ambient;
mod control;
mod event;
mod events;
mod message;
mod node;
mod quality;
mod question;

pub use ambient::{Clock, Entropy};
pub use control::{Control, Delivered, Delivery, Join, Sent};
pub use event::{Event, Kind, Protocol, SessionEnd, SessionFacts, Visitor};
pub use events::Events;
pub use message::{Acknowledgement, Change};
pub use node::{Attached, Connector, LinkError};
pub use quality::Quality;
pub use question::{Answer, Counted, Inquiry, Question, Questions, Waiting};
use tokio::sync::mpsc;

/// Both ends of a link within this process. `events` bounds the queue towards the control plane.
pub fn in_process(events: usize) -> (Control, Connector) {
    let (join_sender, joins) = mpsc::channel(16);
    let (event_sender, events) = mpsc::channel(events.max(2));
    let (question_sender, questions) = mpsc::channel(QUESTIONS);
    let connector = Connector::new(join_sender, event_sender, Questions::new(question_sender));
    (Control::new(joins, events, questions), connector)
}

/// Questions that wait to be looked at; whoever comes after them waits before asking.
const QUESTIONS: usize = 1024;
