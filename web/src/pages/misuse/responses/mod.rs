//! What is done about whom misuse is found in: suggested, approved, taken back, and what happens by itself.

mod approve;
mod list;
mod settings;
mod suggest;

pub(crate) use self::list::Responses;
pub(super) use self::suggest::{Asked, Suggest, SuggestButton, Suggesting};
