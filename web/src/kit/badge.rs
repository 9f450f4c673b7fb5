//! Small labels of state: a colour, a shape and a word, so that the colour is never alone.

use leptos::prelude::*;

use crate::api::scalar::{StreamState, TokenStatus};

/// What a colour means here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// On air.
    Live,
    Good,
    Warn,
    Bad,
    #[default]
    Calm,
}

impl Tone {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Calm => "calm",
        }
    }
}

/// A word in a colour.
#[component]
pub(crate) fn Badge(#[prop(into)] tone: Signal<Tone>, #[prop(into)] text: Signal<String>) -> impl IntoView {
    view! { <span class="badge" data-tone=move || tone.get().word()>{text}</span> }
}

/// A stream's state.
#[component]
pub(crate) fn StateBadge(#[prop(into)] state: Signal<StreamState>) -> impl IntoView {
    let tone = Signal::derive(move || match state.get() {
        StreamState::Live => Tone::Live,
        StreamState::Created | StreamState::Ended => Tone::Calm,
        StreamState::Stopped => Tone::Warn,
        StreamState::Locked | StreamState::Deleted => Tone::Bad,
    });
    let text = Signal::derive(move || {
        match state.get() {
            StreamState::Live => "Live",
            StreamState::Created => "Never live",
            StreamState::Ended => "Offline",
            StreamState::Stopped => "Stopped",
            StreamState::Locked => "Locked",
            StreamState::Deleted => "Deleted",
        }
        .to_owned()
    });
    view! { <Badge tone text/> }
}

/// A token's status.
#[component]
pub(crate) fn StatusBadge(#[prop(into)] status: Signal<TokenStatus>) -> impl IntoView {
    let tone = Signal::derive(move || match status.get() {
        TokenStatus::Active => Tone::Good,
        TokenStatus::Revoked => Tone::Bad,
        TokenStatus::Expired => Tone::Calm,
    });
    let text = Signal::derive(move || {
        match status.get() {
            TokenStatus::Active => "Active",
            TokenStatus::Revoked => "Revoked",
            TokenStatus::Expired => "Expired",
        }
        .to_owned()
    });
    view! { <Badge tone text/> }
}
