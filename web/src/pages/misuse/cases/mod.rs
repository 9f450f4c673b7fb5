//! Misuse cases: the list, one of them, and the way into one from wherever somebody who steals is shown.

mod add;
mod list;
mod one;
mod parts;
mod report;

pub(super) use self::add::{AddButton, AddToCase, Adding, Asked};
pub(crate) use self::{list::Cases, one::CasePage};
