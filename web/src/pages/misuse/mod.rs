//! Misuse: what looks like it, who watches with which token and from where, and the ways to cut them off.

mod act;
mod address;
mod addresses;
mod block;
mod cases;
mod export;
mod filters;
mod findings;
mod panel;
mod parts;
mod place;
mod responses;
mod thresholds;
mod timeline;
mod token;
mod tokens;
mod value;
mod view;
mod viewer;
mod viewers;
mod whereabouts;
mod words;

pub(crate) use self::{
    addresses::IpView,
    cases::{CasePage, Cases},
    findings::Findings,
    responses::Responses,
    tokens::TokenView,
    viewers::ViewerView,
};
pub(super) use self::{
    export::{ExportButton, time as asked_time, word as asked_word},
    filters::{When, follow},
    findings::Latest,
    parts::{SortHead, SortList, whole},
    place::{Place, Span, way_around},
};

use leptos::prelude::*;
use leptos_router::components::A;

use crate::{
    api::{organisation::Package, people::Permission},
    kit::{Empty, Loaded, Notice, PageHead, Skeleton, Tabs, Tone},
    pages::{lacking::use_overview, located::Credits},
    session::may,
};

/// Head and tabs of each of the pages, and below them the page for whom it is open to. What `stays` goes on without the
/// package; what would begin something, `acts`, does not.
#[component]
fn Page(
    part: &'static str,
    lead: &'static str,
    #[prop(optional)] acts: Option<ViewFn>,
    #[prop(optional)] stays: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let tabs = vec![
        ("/misuse", "Findings"),
        ("/misuse/tokens", "Token view"),
        ("/misuse/viewers", "Viewers"),
        ("/misuse/addresses", "IP view"),
        ("/misuse/responses", "Responses"),
        ("/misuse/cases", "Cases"),
    ];
    if !is_open() {
        return view! {
            <PageHead title="Misuse" tab=part lead/>
            <Empty icon=icondata_lu::LuLockKeyhole title="Closed to your role" text="Who watches, and from where, is for nanoUser and nanoAdmin. Ask an administrator of your organisation."/>
        }
        .into_any();
    }
    let load = use_overview();
    let bought = move || {
        load.value()
            .with(|now| now.as_ref().is_some_and(|now| now.has(Package::Analytics)))
    };
    let (children, acts) = (StoredValue::new(children), StoredValue::new(acts));
    let shown = move || bought().then(|| acts.with_value(|acts| acts.as_ref().map(ViewFn::run)));
    view! {
        <PageHead title="Misuse" tab=part lead>{shown}</PageHead>
        <Tabs label="Parts of misuse" tabs/>
        <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
            <Show when=move || stays && !bought()>
                <Notice tone=Tone::Warn>
                    <strong>"Upgrade needed. "</strong>
                    "Your organisation does not have the package Analytics: what is here goes on, and nothing new is begun. "
                    <A href="/organisation">"See packages"</A>
                </Notice>
            </Show>
            <Show when=move || stays || bought() fallback=|| view! {
                <Empty icon=icondata_lu::LuPackage title="Upgrade needed" text="Your organisation does not have the package Analytics: who watches is counted for the last hour only, and nothing is told apart.">
                    <A href="/organisation" attr:class="btn">"See packages"</A>
                </Empty>
            }>
                {children.with_value(|children| children())}
                <Credits/>
            </Show>
        </Loaded>
    }
    .into_any()
}

/// Whether the role sees who watches.
pub(crate) fn is_open() -> bool {
    may(Permission::AnalyticsRead) && may(Permission::SessionReadPersonal)
}
