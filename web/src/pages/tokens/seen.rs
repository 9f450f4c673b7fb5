//! What speaks against the tokens that viewers and broadcasters show, whoever signs them.

use leptos::prelude::*;

use super::{ClosedToRole, Head, findings::shown};
use crate::{
    api::{
        client::use_api,
        failure::sentence,
        people::Permission,
        weak_tokens::{self, WeakTokens},
    },
    kit::{Badge, Empty, Load, Loaded, Skeleton, Table, When},
    pages::{is_misuse_open, misuse::way_around},
    session::may,
};

/// The page.
#[component]
pub(crate) fn SeenTokens() -> impl IntoView {
    let lead = "What could be better about the tokens that were shown at the doors within 30 days, those of your own keys too.";
    if !may(Permission::TokenRead) {
        return view! { <Head part="Seen" lead/><ClosedToRole/> }.into_any();
    }
    let api = use_api();
    let load = Load::new(move || weak_tokens::weak_tokens(api));
    let found = Memo::new(move |_| {
        let mut found = load.value().get().unwrap_or_default();
        // The weightiest first; what was seen last comes first among equals.
        found.sort_by_key(|one| guard::lint::Severity::from(one.advice.severity));
        found
    });
    view! {
        <Head part="Seen" lead/>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Show when=move || !found.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuBadgeCheck title="Nothing stands against them" text="Whatever token is shown at a door is looked at as if it were made here. What could be better about it is listed here, by the key that signed it."/>
            }>
                <Table caption="Weak tokens seen" columns=vec!["Finding", "Signed by", "Sessions", "Last seen", "Last of them"]>
                    <For each=move || found.get() key=|one| format!("{one:?}") let:one>
                        <Row one/>
                    </For>
                </Table>
            </Show>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Row(one: WeakTokens) -> impl IntoView {
    let (tone, text) = shown(one.advice.severity.into());
    let (key, whose) = match (one.kid, one.ours) {
        (Some(kid), true) => (Some(kid), "A key of Portcullis"),
        (Some(kid), false) => (Some(kid), "Your own key"),
        (None, _) => (None, "The list of static tokens"),
    };
    let jti = one.jti.into_inner();
    // Down to who it is, for whom that is open.
    let example = if is_misuse_open() {
        let seen = (&one.last_seen_at, &one.last_seen_at);
        let href = way_around("/misuse/tokens", seen, ("open", &jti));
        let title = jti.clone();
        view! { <a class="mono ellipsis seen-jti" title=title href=href>{jti}</a> }.into_any()
    } else {
        let title = jti.clone();
        view! { <span class="mono ellipsis seen-jti" title=title>{jti}</span> }.into_any()
    };
    view! {
        <tr>
            <th scope="row"><span class="line"><Badge tone text/>{sentence(&one.advice.message)}</span></th>
            <td data-label="Signed by">{whose}{key.map(|kid| view! { <span class="under mono">{kid}</span> })}</td>
            <td data-label="Sessions" class="num">{one.sessions}</td>
            <td data-label="Last seen" class="soft"><When at=one.last_seen_at/></td>
            <td data-label="Last of them">{example}</td>
        </tr>
    }
}
