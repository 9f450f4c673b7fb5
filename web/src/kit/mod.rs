//! The components that every page is made of. A page brings content; how it looks and how it is used by keyboard and
//! screen reader is decided here and in `style/`.

mod badge;
mod button;
mod copy;
mod dialog;
mod doing;
mod empty;
mod field;
mod icon;
mod load;
mod menu;
mod notice;
mod page;
mod paged;
mod secret;
mod select;
mod skeleton;
mod switch;
mod table;
mod tabs;
mod text_area;
mod toast;
mod when;

pub(crate) use badge::{Badge, StateBadge, StatusBadge, Tone};
pub(crate) use button::{Button, Look};
pub(crate) use copy::CopyField;
pub(crate) use dialog::{Confirm, Dialog};
pub(crate) use doing::{DialogForm, Doing, Trouble};
pub(crate) use empty::Empty;
pub(crate) use field::{Choice, Choices, TextField};
pub(crate) use icon::Icon;
pub(crate) use load::{Load, Loaded};
pub(crate) use menu::{Menu, MenuItem};
pub(crate) use notice::{Failed, Notice};
pub(crate) use page::{Card, PageHead, Stat};
pub(crate) use paged::{More, SearchBox, nodes};
pub(crate) use secret::ShownOnce;
pub(crate) use select::Select;
pub(crate) use skeleton::Skeleton;
pub(crate) use switch::Switch;
pub(crate) use table::Table;
pub(crate) use tabs::Tabs;
pub(crate) use text_area::TextArea;
pub(crate) use toast::{ToastPlace, Toasts, use_toasts};
pub(crate) use when::When;
