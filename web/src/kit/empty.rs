//! What stands where nothing is yet: why, and what to do about it.

use icondata_core::Icon as Drawing;
use leptos::prelude::*;

use super::Icon;

/// An empty place, with room for a button.
#[component]
pub(crate) fn Empty(
    icon: Drawing,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty-mark"><Icon of=icon/></span>
            <p class="empty-title">{title}</p>
            <p class="empty-text">{text}</p>
            {children.map(|children| view! { <div class="empty-act">{children()}</div> })}
        </div>
    }
}
