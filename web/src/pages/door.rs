//! The frame of the pages before anybody is signed in.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::logo::Wordmark;

/// The gate at one side, the form at the other.
#[component]
pub(super) fn Door(#[prop(into)] title: Signal<String>, children: Children) -> impl IntoView {
    view! {
        <Title text=title/>
        <div class="door">
            <aside class="door-art" aria-hidden="true">
                <Gate/>
                <p>"Who may pass, "<br/>"for as long as it lasts."</p>
            </aside>
            <main class="door-form">
                <Wordmark/>
                <h1>{title}</h1>
                {children()}
            </main>
        </div>
    }
}

/// The gate, half raised over a lit hall: bars on a pattern, and under them a row of their tips.
#[component]
fn Gate() -> impl IntoView {
    view! {
        <svg class="gate" aria-hidden="true">
            <defs>
                <pattern id="gate-bars" width="104" height="112" patternUnits="userSpaceOnUse">
                    <path d="M0 48h104v14H0z"/>
                    <path d="M44 0h16v112H44z"/>
                    <path d="M58.5 0v112M0 49h44M60 49h44" fill="none" class="gate-edge"/>
                    <circle cx="52" cy="55" r="3" class="gate-rivet"/>
                </pattern>
                <pattern id="gate-tips" width="104" height="80" patternUnits="userSpaceOnUse">
                    <path d="M44 0h16v22l6 6-14 46-14-46 6-6z"/>
                    <path d="M58.5 0v22.5l6 6-12.5 41" fill="none" class="gate-edge"/>
                </pattern>
            </defs>
            <rect width="100%" height="70%" fill="url(#gate-bars)"/>
            <svg y="70%" width="100%" height="80"><rect width="100%" height="80" fill="url(#gate-tips)"/></svg>
        </svg>
    }
}
