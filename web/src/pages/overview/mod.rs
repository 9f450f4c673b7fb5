//! What goes on, at a glance: who watches and publishes now, who is refused, what looks like misuse, and how it was
//! lately. It arrives by subscription; what is asked for anew is asked for because something was told.

mod now;
mod refusals;
mod series;
mod world;

use leptos::prelude::*;
use leptos_router::components::A;

pub(super) use self::series::named;
use self::{now::Now, refusals::Refusals, series::OverTime, world::World};
use super::{
    activity::Parts,
    misuse::{Latest, Place, When, is_open},
};
use crate::{
    api::{organisation::Package, people::Permission},
    kit::{Card, Notice, PageHead, Tone},
    pages::lacking::use_overview,
    session::may,
};

/// The page.
#[component]
pub(crate) fn Overview() -> impl IntoView {
    let place = Place::at("/overview");
    let overview = use_overview();
    let has = Memo::new(move |_| {
        overview
            .value()
            .with(|now| now.as_ref().map(|now| now.has(Package::Analytics)))
    });
    view! {
        <PageHead title="Overview" lead="Who watches and publishes now, who is turned away, and what looks like misuse."/>
        <Parts/>
        <Now/>
        {move || match has.get() {
            Some(true) if may(Permission::AnalyticsRead) => view! { <Sums place/> }.into_any(),
            Some(false) => view! {
                <Notice tone=Tone::Warn>
                    <strong>"Upgrade needed. "</strong>
                    "Your organisation does not have the package Analytics: what was is not told. "
                    <A href="/organisation">"See packages"</A>
                </Notice>
            }.into_any(),
            _ => ().into_any(),
        }}
    }
}

#[component]
fn Sums(place: Place) -> impl IntoView {
    view! {
        <div class="halves">
            {is_open().then(|| view! { <Card title="Looks like misuse" flush=true acts=|| view! { <a class="btn btn-quiet" href="/misuse">"All findings"</a> }><Latest/></Card> })}
            <Refusals/>
        </div>
        <div class="filters"><When place/></div>
        <OverTime place/>
        <World place/>
    }
}
