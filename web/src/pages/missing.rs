//! An address that leads nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{kit::Empty, logo::Wordmark};

/// Says so, and leads back.
#[component]
pub(crate) fn Missing() -> impl IntoView {
    view! {
        <Title text="Not found"/>
        <main class="alone">
            <Wordmark/>
            <h1 class="sr-only">"Not found"</h1>
            <Empty icon=icondata_lu::LuSearch title="There is no such page" text="The address may be mistyped, or the page has moved.">
                <a class="btn btn-primary" href="/streams">"To the streams"</a>
            </Empty>
        </main>
    }
}
